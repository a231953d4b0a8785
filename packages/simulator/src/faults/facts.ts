import type { Fault, FaultKind } from './kinds.js';

/** What each fault does, and whether the simulator charges for it unless the fault says `charge`. */
export interface FaultFact {
  readonly charged: boolean;
  readonly says: string;
}

const free = (says: string): FaultFact => ({ charged: false, says });
const paid = (says: string): FaultFact => ({ charged: true, says });

export const faultFacts: Readonly<Record<FaultKind, FaultFact>> = {
  rate_limited: free('429 `rate_limit_exceeded` of OpenAI, with or without Retry-After'),
  insufficient_quota: free('429 `insufficient_quota`: out of money, for good'),
  billing_hard_limit_reached: free('400 `billing_hard_limit_reached`: spend cap, for good'),
  invalid_api_key: free('401 `invalid_api_key`'),
  insufficient_user_quota: free('403 of a relay: out of money, Chinese message, request id at its end'),
  model_not_found: free('404 as OpenAI, or 503 as a relay without a channel for the model'),
  moderation_blocked: free('400 `moderation_blocked` with `moderation_details`'),
  content_policy_violation: free('400 `content_policy_violation`, as dall-e and relays word it'),
  server_error: free('500 `server_error`'),
  json_503: free('503 with a JSON error: slow down'),
  html_502: paid('502 page of nginx, after the render'),
  html_504: paid('504 page of nginx, after the render'),
  cloudflare_524: paid('524 page of Cloudflare, after the render'),
  reset_before_headers: paid('connection reset before any header, after the render; `charge: false` for before it'),
  hang_before_headers: paid('no answer until `release`'),
  reset_in_body: paid('connection reset after so many bytes of the body'),
  hang_in_body: paid('the body stops after so many bytes until `release`'),
  truncated_body: paid('the body ends after so many bytes as if it were whole'),
  drip: paid('the body comes in small pieces with a pause after each'),
  tiny_pieces: paid('the body comes in very many chunks'),
  ok_with_error: paid('200 whose JSON is `{error}`; in a stream, an `error` event'),
  ok_html: paid('200 with a page'),
  ok_empty_body: paid('200 without a body'),
  ok_empty_data: paid('200 with `data: []`'),
  huge_body: paid('200 with valid JSON of 400 MB'),
  task: paid('200 with a task id; `GET /v1/tasks/{id}` has the images later'),
  fewer_images: paid('fewer images than asked; those sent are charged'),
  more_images: paid('more images than asked; those sent are charged'),
  bad_base64: paid('base64 with foreign characters in its middle'),
  not_an_image: paid('base64 of a page'),
  truncated_image: paid('the first half of the image file'),
  wrong_size: paid('an image of another size than the answer says'),
  link_not_found: paid('a result link that answers 404'),
  link_cut: paid('a result link whose download breaks off'),
  link_expired: paid('a result link that is expired when it arrives'),
  data_url_prefix: paid('`b64_json` with `data:image/png;base64,` in front'),
  url_and_b64: paid('both `url` and `b64_json`'),
  neither: paid('an item with neither `url` nor `b64_json`'),
  no_usage: paid('no `usage`'),
  escaped_slashes: paid('slashes written `\\/`, as PHP does'),
  pretty_json: paid('JSON with line breaks and indentation'),
};

export function isCharged(fault: Fault | null): boolean {
  return fault === null || (fault.charge ?? faultFacts[fault.kind].charged);
}
