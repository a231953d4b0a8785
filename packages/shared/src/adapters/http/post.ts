import { request } from 'undici';
import { OutboundError, type Outbound } from './outbound.js';

/** One signed POST to a receiver. */
export interface PostResult {
  /** Null where no answer came. */
  readonly status: number | null;
  /** What the receiver asks to wait, in milliseconds. */
  readonly retryAfterMs: number | null;
  readonly error: string | null;
  readonly timedOut: boolean;
}

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
    await response.body.dump({ limit: 64 * 1024, signal });
    const status = response.statusCode;
    const error = status >= 200 && status < 300 ? null : `the receiver answered ${status}`;
    return { status, retryAfterMs: retryAfter(response.headers['retry-after']), error, timedOut: false };
  } catch (error) {
    const timedOut = signal.aborted || /TIMEOUT/.test((error as { code?: string }).code ?? '');
    return {
      status: null,
      retryAfterMs: null,
      error: timedOut ? `no answer within ${totalMs} ms` : reason(error),
      timedOut,
    };
  }
}

function reason(error: unknown): string {
  if (error instanceof OutboundError) return error.message;
  const { code, cause } = error as { code?: string; cause?: unknown };
  if (cause instanceof OutboundError) return cause.message;
  return code ?? (error instanceof Error ? error.message : String(error));
}

/** Retry-After in milliseconds: seconds or an HTTP date. Null where there is none that can be read. */
export function retryAfter(header: string | string[] | undefined, now = Date.now()): number | null {
  const text = Array.isArray(header) ? header[0] : header;
  if (!text) return null;
  if (/^\d+(\.\d+)?$/.test(text.trim())) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
