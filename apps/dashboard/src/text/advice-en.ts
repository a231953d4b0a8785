/** What a person can do about each reason that a job can have failed for. */

const template = 'The request cannot be made this way. Change the template, then submit these lines again.';
const picture =
  'The picture that goes in cannot be used as it is. Put a PNG, JPEG or WebP in its place, then submit these again.';
const address =
  'The address of the picture did not give one in time, or not a usable one. Check that it opens without a login; then retry.';
const ours =
  'The fault is this installation’s, not yours. Retry; if it comes again, ask who runs it to look at its logs.';

export const advice = {
  // The provider's word about the request.
  moderation_blocked:
    'The provider’s moderation refused the prompt or picture, and likely does so again. Change it, then submit these again.',
  content_policy_violation:
    'The provider’s policy refused the prompt, and likely does so again. Change it, then submit these again.',
  // The provider itself.
  provider_unavailable: 'The provider did not answer as it should. A retry usually helps.',
  provider_quota_exhausted: 'The account has no credit or quota left. Top it up, then retry.',
  bad_provider_response:
    'The provider answered with something that is no picture. A retry usually helps; it may be billed again.',
  result_url_expired:
    'It was paid, but the provider’s link ended before the picture could be copied. A retry buys it once more.',
  outcome_unknown: 'The connection broke during the call: it may have been billed. A retry may buy it a second time.',
  no_provider_for_model:
    'No account serves this model with these parameters. Choose another model, or have an account added for it.',
  model_not_found: 'There is no such model here. Choose one of the list, then submit these again.',
  price_unknown:
    'What the model costs is not known, so nothing can be held under a maximum. Give a price, or set no maximum.',
  // Its end, other than by its own fault.
  budget_exceeded: 'The batch’s maximum cost was reached before these. Retry them with a higher one.',
  deadline_exceeded: 'The deadline passed before these. A retry has none.',
  cancelled: 'Stopped before they were done. A retry goes on with them.',
  // The request.
  invalid_request: template,
  invalid_parameter: template,
  unknown_parameter: template,
  missing_required_parameter: template,
  number_out_of_range: template,
  array_too_long: template,
  invalid_size: 'The model does not make this size. Choose another, then submit these again.',
  invalid_csv: 'The row of the catalogue could not be read. Mend the file and submit these rows again.',
  // Pictures that go in.
  missing_image: 'An edit needs a picture, and this has none. Fill the column of pictures, then submit these again.',
  empty_image: picture,
  invalid_image: picture,
  unsupported_image_format: picture,
  animated_image: picture,
  image_not_supported: picture,
  image_too_large: 'The picture that goes in is too large. Make it smaller, then submit these again.',
  image_too_small: 'The picture that goes in is too small. Find a larger one, then submit these again.',
  too_many_images: 'The model takes fewer pictures at once. Name fewer for each, then submit these again.',
  too_many_masks: 'An edit has one mask. Name one, then submit these again.',
  invalid_mask: 'The mask cannot be used: it is a PNG of the picture’s size with transparent parts.',
  mask_size_mismatch: 'Mask and picture differ in size. Make them the same, then submit these again.',
  image_url_unreachable: address,
  image_url_timeout: address,
  image_url_too_large: 'The picture behind the address is too large. Put a smaller one there, then retry.',
  image_url_blocked:
    'The address of the picture is not public, and is not asked. Put the picture at a public https:// address.',
  image_file_not_found: 'The uploaded picture is not there any more. Upload it again, then submit these again.',
  file_not_found: 'The uploaded file is not there any more. Upload it again, then submit these again.',
  // Ours.
  storage_denied:
    'The picture could not be stored: the bucket refused it. Ask who runs this installation to check its permissions, then retry.',
  storage_unavailable: ours,
  worker_crash: ours,
  internal_error: ours,
} as const;

/** A reason that there is advice about. */
export type Advised = keyof typeof advice;
