import type { ErrorResponse, ImageResponse } from '@copilotkit/aimock';
import type { WayFault } from './outside-way.js';

/** What every preset must come through at a server that this project did not write, and what a job must come to there. */
export interface Row {
  readonly name: string;
  /** The server's answers to this row's calls, in order; the last one again and again. */
  readonly answers: readonly Answer[];
  /** What becomes of them on their way, likewise. */
  readonly way?: readonly WayFault[];
  readonly job?: Readonly<Record<string, unknown>>;
  readonly account?: Readonly<Record<string, unknown>>;
  /** Of the attempts that our ledger must name, in order. */
  readonly outcomes: readonly ('rejected' | 'billed' | 'unknown')[];
  /** A 200 of this row says itself that nothing was made: no charge. */
  readonly free?: true;
  /** What the job fails with; none: it is completed. */
  readonly code?: string;
  /** What the provider asked us to wait before the next call, in milliseconds. */
  readonly pauseMs?: number;
}

type Answer = (at: { readonly origin: string; readonly picture: Buffer }) => ImageResponse | ErrorResponse;

const text = (value: string | Buffer): string => Buffer.from(value).toString('base64');
const fine: Answer = ({ picture }) => ({ image: { b64Json: text(picture) } });
const says =
  (b64Json: string): Answer =>
  () => ({ image: { b64Json } });
const refuses =
  (status: number, code: string, more = {}): Answer =>
  () => ({ status, error: { message: `not now: ${code}`, type: 'server_error', code }, ...more });
const busy = refuses(429, 'rate_limit_exceeded', { retryAfter: 2 });
const broken = refuses(500, 'server_error');
const forbidden = { message: 'Your request was rejected by the safety system.', type: 'image_generation_user_error' };
const moderates =
  (status: number): Answer =>
  () => ({ status, error: { ...forbidden, code: 'moderation_blocked' } });
/** A link of this server that says itself when it dies. */
const links =
  (kind: string, livesMs: number): Answer =>
  ({ origin }) => {
    const dies = Math.ceil((Date.now() + livesMs) / 1_000);
    return { image: { url: `${origin}/files/${kind}/picture.png?Expires=${dies}` } };
  };

const lost = { outcomes: ['unknown', 'unknown'], code: 'outcome_unknown' } as const;
const spoiled = { outcomes: ['billed', 'billed'], code: 'bad_provider_response' } as const;
const noPicture = { outcomes: ['unknown', 'unknown'], code: 'bad_provider_response' } as const;
const again = { outcomes: ['unknown', 'billed'] } as const;
const expired = { outcomes: ['billed'], code: 'result_url_expired' } as const;

/** `images`: data URLs for the edit. */
export const rows = (image: string): readonly Row[] => [
  { name: 'generation', answers: [fine], outcomes: ['billed'] },
  { name: 'edit of two images', answers: [fine], job: { type: 'edit', images: [image, image] }, outcomes: ['billed'] },

  { name: '429', answers: [busy, fine], outcomes: ['rejected', 'billed'], pauseMs: 2_000 },
  { name: '429 without Retry-After', answers: [busy, fine], way: ['no Retry-After'], outcomes: ['rejected', 'billed'] },
  { name: '500', answers: [broken, fine], outcomes: ['rejected', 'billed'] },
  { name: '503', answers: [refuses(503, 'model_overloaded'), fine], outcomes: ['rejected', 'billed'] },
  { name: 'fails twice, then works', answers: [broken, broken, fine], outcomes: ['rejected', 'rejected', 'billed'] },
  { name: 'moderation', answers: [moderates(400)], outcomes: ['rejected'], code: 'moderation_blocked' },

  { name: '524 page once', answers: [fine], way: ['524 page', 'nothing'], ...again },
  { name: '524 page', answers: [fine], way: ['524 page'], ...lost },
  { name: 'closed before the body once', answers: [fine], way: ['closed before the body', 'nothing'], ...again },
  { name: 'reset before the body once', answers: [fine], way: ['reset before the body', 'nothing'], ...again },
  { name: 'reset before the body', answers: [fine], way: ['reset before the body'], ...lost },
  { name: 'reset in the body once', answers: [fine], way: ['reset in the body', 'nothing'], ...again },
  { name: 'reset in the body', answers: [fine], way: ['reset in the body'], ...lost },
  { name: 'closed in the body', answers: [fine], way: ['closed in the body'], ...lost },
  { name: 'hang', answers: [fine], way: ['hang'], account: { timeout_ms: 1_500 }, ...lost },
  {
    name: 'unknown outcome that must not be bought again',
    answers: [fine],
    way: ['reset before the body', 'nothing'],
    job: { on_unknown_outcome: 'fail' },
    outcomes: ['unknown'],
    code: 'outcome_unknown',
  },

  { name: 'error in a 200', answers: [refuses(200, 'server_error')], ...noPicture },
  { name: 'error in a 200 once', answers: [refuses(200, 'server_error'), fine], ...again },
  {
    name: 'moderation in a 200',
    answers: [moderates(200)],
    free: true,
    outcomes: ['rejected'],
    code: 'moderation_blocked',
  },
  { name: 'page in a 200', answers: [fine], way: ['200 page'], ...noPicture },
  { name: 'empty data', answers: [() => ({ images: [] })], ...noPicture },
  { name: 'bad base64', answers: [says('iVBORw0KGgo=*&%$ not base64 at all *&%$')], ...spoiled },
  { name: 'body that ends early', answers: [fine], way: ['body ends early'], ...spoiled },
  { name: 'not an image', answers: [says(text('<html>Gateway</html>'))], ...spoiled },
  { name: 'not an image once', answers: [says(text('<html></html>')), fine], outcomes: ['billed', 'billed'] },
  {
    name: 'half an image',
    answers: [({ picture }) => says(text(picture.subarray(0, 80)))({ origin: '', picture })],
    ...spoiled,
  },

  { name: 'link', answers: [links('fine', 60_000)], outcomes: ['billed'] },
  { name: 'link that breaks off once', answers: [links('cut-once', 60_000)], outcomes: ['billed'] },
  { name: 'link to what is not there yet', answers: [links('late', 60_000)], outcomes: ['billed'] },
  { name: 'link that breaks off', answers: [links('cut', 2_000)], ...expired },
  { name: 'link that is expired, 403', answers: [links('403', 1_000)], ...expired },
  { name: 'link that is expired, 404', answers: [links('404', 1_000)], ...expired },
];
