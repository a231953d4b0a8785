/**
 * Reasons that a retry cannot help against: the request itself is refused, and is the same the next time. Addresses of
 * pictures are not among them: what lies behind one may have been mended.
 */
const reasons: ReadonlySet<string> = new Set([
  'moderation_blocked',
  'content_policy_violation',
  'model_not_found',
  'invalid_request',
  'invalid_parameter',
  'unknown_parameter',
  'missing_required_parameter',
  'number_out_of_range',
  'array_too_long',
  'invalid_size',
  'invalid_csv',
  'missing_image',
  'empty_image',
  'invalid_image',
  'unsupported_image_format',
  'animated_image',
  'image_not_supported',
  'image_too_large',
  'image_too_small',
  'too_many_images',
  'too_many_masks',
  'invalid_mask',
  'mask_size_mismatch',
  'image_file_not_found',
  'file_not_found',
]);

export const cannotHelp = (code: string): boolean => reasons.has(code);
