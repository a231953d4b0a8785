import type { ReplacingFault } from '../faults/kinds.js';
import { pages } from '../faults/pages.js';
import { jsonAnswer, textAnswer, type Answer } from './answer.js';

/** What some faults answer in place of images. */

const html = 'text/html; charset=utf-8';

/** Valid JSON of a given length, never in memory as a whole. */
function* hugeJson(bytes: number): Iterable<Buffer> {
  const head = Buffer.from('{"created":1713833628,"data":[{"b64_json":"');
  const tail = Buffer.from('"}]}');
  const fill = Buffer.alloc(64 * 1024, 'A');
  yield head;
  for (let left = bytes - head.length - tail.length; left > 0; left -= fill.length) {
    yield left >= fill.length ? fill : fill.subarray(0, left);
  }
  yield tail;
}

const errorEvent = (error: unknown): string => `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`;

/** One row for each kind; the compiler misses none. */
const answers: {
  [K in ReplacingFault['kind']]: (fault: Extract<ReplacingFault, { kind: K }>, stream: boolean) => Answer;
} = {
  html_502: () => textAnswer(502, html, pages.badGateway),
  html_504: () => textAnswer(504, html, pages.gatewayTimeout),
  cloudflare_524: () => textAnswer(524, html, pages.cloudflareTimeout),
  ok_html: () => textAnswer(200, html, pages.welcome),
  ok_empty_body: () => textAnswer(200, 'application/json', ''),
  ok_with_error: ({ message, code }, stream) => {
    const error = { message, type: 'upstream_error', param: '', code };
    return stream ? textAnswer(200, 'text/event-stream', errorEvent(error)) : jsonAnswer(200, { error });
  },
  huge_body: ({ bytes }) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: hugeJson(bytes),
    length: null,
  }),
};

/** The answer of a fault that replaces the images, whatever was asked. */
export function answerInstead<K extends ReplacingFault['kind']>(
  fault: { [P in K]: { readonly kind: P } & Extract<ReplacingFault, { kind: P }> }[K],
  stream: boolean,
): Answer {
  return answers[fault.kind](fault, stream);
}
