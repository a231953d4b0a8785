import { request, type Dispatcher } from 'undici';
import { keptAnswerLength } from '../../domain/deliveries.js';
import { OutboundError, type Outbound } from './outbound.js';

/** One signed POST to a receiver. */
export interface PostResult {
  /** Null where no answer came. */
  readonly status: number | null;
  /** What the receiver asks to wait, in milliseconds. */
  readonly retryAfterMs: number | null;
  readonly error: string | null;
  readonly timedOut: boolean;
  /** The beginning of what it answered, as text; null where nothing came. */
  readonly answer: string | null;
}

/** As much of an answer is read, so that its connection can be used again. */
const maxAnswerBytes = 64 * 1024;

/** No redirect is followed, and no more of the answer is read than it takes to free the connection. */
export async function post(
  outbound: Outbound,
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  totalMs: number,
): Promise<PostResult> {
  const signal = AbortSignal.timeout(totalMs);
  try {
    const target = await outbound.check(url, true);
    const response = await request(target, {
      method: 'POST',
      dispatcher: outbound.dispatcher,
      signal,
      headers,
      body,
      headersTimeout: totalMs,
      bodyTimeout: totalMs,
    });
    const answer = await beginning(response.body);
    const status = response.statusCode;
    const error = status >= 200 && status < 300 ? null : `the receiver answered ${status}`;
    return { status, retryAfterMs: retryAfter(response.headers['retry-after']), error, timedOut: false, answer };
  } catch (error) {
    const timedOut = signal.aborted || /TIMEOUT/.test((error as { code?: string }).code ?? '');
    return {
      status: null,
      retryAfterMs: null,
      error: timedOut ? `no answer within ${totalMs} ms` : reason(error),
      timedOut,
      answer: null,
    };
  }
}

/** The first bytes of an answer as text; one that goes on and on is left. */
async function beginning(body: Dispatcher.ResponseData['body']): Promise<string | null> {
  const kept: Buffer[] = [];
  let bytes = 0;
  // undici tells of a body that is left by an error, which without a listener ends the process.
  body.on('error', () => undefined);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (bytes < 4 * keptAnswerLength) kept.push(chunk.subarray(0, 4 * keptAnswerLength - bytes));
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) break;
    }
  } catch {
    // The status has said how it was taken: a body that breaks off or never ends does not take that back.
  }
  const text = Buffer.concat(kept).toString().slice(0, keptAnswerLength);
  return text === '' ? null : text.toWellFormed();
}

/** Codes that a person may have to act on. */
const plain: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such address',
  EAI_AGAIN: 'the name of its host cannot be looked up',
  ECONNREFUSED: 'nothing listens there',
};

function reason(error: unknown): string {
  if (error instanceof OutboundError) return error.message;
  const { code, cause } = error as { code?: string; cause?: unknown };
  if (cause instanceof OutboundError) return cause.message;
  if (code !== undefined) return code in plain ? `${plain[code]} (${code})` : code;
  return error instanceof Error ? error.message : String(error);
}

/** Retry-After in milliseconds: seconds or an HTTP date. Null where there is none that can be read. */
export function retryAfter(header: string | string[] | undefined, now = Date.now()): number | null {
  const text = Array.isArray(header) ? header[0] : header;
  if (!text) return null;
  if (/^\d+(\.\d+)?$/.test(text.trim())) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
