import { ConnectionError, errorOf, secondsOf } from './errors.js';

/** One call over HTTP, repeated where repeating is safe and may help. */

export interface TransportOptions {
  readonly url: string;
  readonly key: string;
  /** How often a call is repeated that failed in passing. */
  readonly retries: number;
  /** Milliseconds until an answer must begin, beside what it was asked to wait. */
  readonly timeoutMs: number;
  /** Milliseconds for a GET that is not held, its repeats included. */
  readonly quickMs: number;
  readonly fetch: typeof fetch;
}

/** Not `BodyInit`: the types of Node have no such name. */
export type Body = NonNullable<RequestInit['body']>;

export interface Call {
  readonly method: string;
  /** From `/v1` on, with its query. */
  readonly path: string;
  readonly body?: Body;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that the server may hold the call. */
  readonly holdMs?: number;
  /** A body that can be sent once only. */
  readonly once?: boolean;
}

const firstWaitMs = 500;
const longestWaitMs = 8_000;
/** Who asks to come back later than this tells the caller instead. */
const longestAskedMs = 60_000;

/** An answer whose head says success. Its body is the caller's to read. */
export async function send(options: TransportOptions, call: Call): Promise<Response> {
  // One key for all repeats: whatever became of the first, the server does it once.
  const headers = {
    authorization: `Bearer ${options.key}`,
    ...(call.method === 'POST' ? { 'idempotency-key': newKey() } : {}),
    ...call.headers,
  };
  const quick = call.method === 'GET' && (call.holdMs ?? 0) === 0;
  const end = quick ? Date.now() + options.quickMs : Infinity;
  for (let tries = 0; ; tries++) {
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** tries) * (0.75 + Math.random() / 2);
    const last = tries >= options.retries || call.once === true;
    let response: Response;
    try {
      const timeoutMs = Math.min(options.timeoutMs, end - Date.now());
      response = await attempt({ ...options, timeoutMs }, { ...call, headers });
    } catch (error) {
      if (call.signal?.aborted || last || Date.now() + waitMs >= end) throw error;
      await pause(waitMs, call.signal);
      continue;
    }
    if (response.status < 400) return response;
    const askedMs = (secondsOf(response.headers.get('retry-after')) ?? 0) * 1_000;
    if (last || !mayHelp(response) || askedMs > longestAskedMs) throw await errorOf(response);
    await response.body?.cancel();
    await pause(Math.max(waitMs, askedMs), call.signal);
  }
}

async function attempt({ url, fetch, timeoutMs }: TransportOptions, call: Call): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs + (call.holdMs ?? 0));
  const signal = call.signal ? AbortSignal.any([call.signal, late.signal]) : late.signal;
  try {
    return await fetch(url + call.path, {
      method: call.method,
      headers: call.headers ?? {},
      signal,
      ...(call.body === undefined ? {} : { body: call.body }),
      // Required of a stream, and of no harm otherwise.
      ...(call.once ? { duplex: 'half' } : {}),
    });
  } catch (error) {
    if (call.signal?.aborted) throw error;
    const why = late.signal.aborted ? `no answer in ${Math.ceil(timeoutMs / 1_000)} seconds` : causeOf(error);
    throw new ConnectionError(`${url} does not answer (${why}): is it running, and is this its address?`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** What the platform tells of a failed fetch: Node names the cause, browsers do not. */
export function causeOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}

function mayHelp({ status, headers }: Response): boolean {
  const said = headers.get('x-should-retry');
  if (said !== null) return said === 'true';
  // 409 without that header: the same request is being taken at this moment.
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}

/** Not `crypto.randomUUID`: a page that is served by http has none. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
