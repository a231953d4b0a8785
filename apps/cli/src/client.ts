import { UsageError } from './command.js';

/** The public API, as anybody would call it. */

/** Rendermill said no. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly requestId: string | null;

  constructor(status: number, code: string | null, message: string, requestId: string | null) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

/** There was no answer. */
export class Unreachable extends Error {}

/** Every call here is answered at once: none is held. */
const timeoutMs = 60_000;

export class Client {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  async call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body);
    const text = await response.text();
    const answer = parsed(text);
    if (response.ok && answer !== undefined) return answer as T;
    const error = (answer as { error?: { message?: string; code?: string } } | undefined)?.error;
    const said =
      error?.message ?? `${this.#url} answered ${response.status}, not as Rendermill does: is it RENDERMILL_URL?`;
    throw new ApiError(response.status, error?.code ?? null, said, response.headers.get('x-request-id'));
  }

  async #fetch(method: string, path: string, body: unknown): Promise<Response> {
    try {
      return await fetch(this.#url + path, {
        method,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          authorization: `Bearer ${this.#key}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      const { cause, message } = error as Error & { cause?: { code?: string } };
      throw new Unreachable(
        `${this.#url} does not answer (${cause?.code ?? message}): is it running, and is RENDERMILL_URL its address?`,
        { cause: error },
      );
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A page of something else: told as such.
    return undefined;
  }
}

/** The client of RENDERMILL_URL and RENDERMILL_API_KEY. */
export function clientOf(env: Readonly<Record<string, string | undefined>>): Client {
  const key = env['RENDERMILL_API_KEY'];
  if (!key) throw new UsageError('Set RENDERMILL_API_KEY to an API key; `npm start` prints one.');
  const url = env['RENDERMILL_URL'] || 'http://127.0.0.1:8080';
  if (!/^https?:\/\/[^/]/.test(url))
    throw new UsageError(`RENDERMILL_URL is '${url}': it begins with http:// or https://.`);
  return new Client(url.replace(/\/+$/, ''), key);
}
