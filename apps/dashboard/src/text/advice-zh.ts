import type { Advised } from './advice-en.js';

const template = '请求本身有误。请修改模板后重新提交这些行。';
const picture = '输入图片无法直接使用。请换成 PNG、JPEG 或 WebP 后重新提交。';
const address = '图片网址没有及时返回可用的图片。请确认无需登录即可打开，然后重试。';
const ours = '问题出在本系统，与你无关。请重试；如再次出现，请管理员查看日志。';

/** 各种失败原因的处理建议。 */
export const advice: Readonly<Record<Advised, string>> = {
  moderation_blocked: '服务商的审核拒绝了提示词或图片。原样重试很可能再次被拒，请修改后重新提交。',
  content_policy_violation: '服务商的内容政策拒绝了提示词。原样重试很可能再次被拒，请修改后重新提交。',
  provider_unavailable: '服务商没有正常响应。重试通常有效。',
  provider_quota_exhausted: '账户余额或配额已用完。充值后再重试。',
  bad_provider_response: '服务商返回的内容不是图片。重试通常有效，但可能再次计费。',
  result_url_expired: '已经付费，但在保存之前服务商的链接已失效。重试会再次购买。',
  outcome_unknown: '调用过程中连接中断，可能已计费。重试可能重复购买。',
  no_provider_for_model: '没有账户支持这个模型和参数。请换一个模型，或请管理员添加账户。',
  model_not_found: '没有这个模型。请从列表中选择后重新提交。',
  price_unknown: '该模型价格未知，无法控制在费用上限内。请提供价格，或不设上限。',
  budget_exceeded: '在处理这些行之前已达到批次的费用上限。请提高上限后重试。',
  deadline_exceeded: '在处理这些行之前已过截止时间。重试不再受截止时间限制。',
  cancelled: '在完成之前被停止。重试会继续处理。',
  invalid_request: template,
  invalid_parameter: template,
  unknown_parameter: template,
  missing_required_parameter: template,
  number_out_of_range: template,
  array_too_long: template,
  invalid_size: '该模型不支持这个尺寸。请换一个尺寸后重新提交。',
  invalid_csv: '商品表中的这一行无法读取。请修改文件后重新提交这些行。',
  missing_image: '图片编辑需要输入图片，但这里没有。请填写图片列后重新提交。',
  empty_image: picture,
  invalid_image: picture,
  unsupported_image_format: picture,
  animated_image: picture,
  image_not_supported: picture,
  image_too_large: '输入图片太大。请缩小后重新提交。',
  image_too_small: '输入图片太小。请换一张更大的图片后重新提交。',
  too_many_images: '该模型一次接受的图片较少。请减少每行的图片后重新提交。',
  too_many_masks: '一次编辑只能有一个蒙版。请只保留一个后重新提交。',
  invalid_mask: '蒙版无法使用：应为与图片同尺寸、带透明区域的 PNG。',
  mask_size_mismatch: '蒙版与图片尺寸不一致。请调整为相同尺寸后重新提交。',
  image_url_unreachable: address,
  image_url_timeout: address,
  image_url_too_large: '网址中的图片太大。请换成较小的图片后重试。',
  image_url_blocked: '图片网址不是公网地址，因此没有访问。请使用公网的 https:// 地址。',
  image_file_not_found: '上传的图片已不存在。请重新上传并提交。',
  file_not_found: '上传的文件已不存在。请重新上传并提交。',
  storage_denied: '图片无法保存：存储桶拒绝写入。请管理员检查权限后重试。',
  storage_unavailable: ours,
  worker_crash: ours,
  internal_error: ours,
};
