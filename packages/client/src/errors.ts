/** What can go wrong with a call. Every message is fit for people. */

/** Rendermill said no. */
export class RendermillError extends Error {
  /** The HTTP status. */
  readonly status: number;
  /** Stable: what to branch on. Null where the answer was not Rendermill's. */
  readonly code: string | null;
  readonly type: string | null;
  /** The parameter that is at fault. */
  readonly param: string | null;
  /** What to name when asking for help. */
  readonly requestId: string | null;
  /** Seconds after which the same call may succeed; null where the server named none. */
  readonly retryAfter: number | null;

  constructor(message: string, facts: ErrorFacts, options: ErrorOptions = {}) {
    super(message, options);
    this.name = 'RendermillError';
    this.status = facts.status;
    this.code = facts.code;
    this.type = facts.type;
    this.param = facts.param;
    this.requestId = facts.requestId;
    this.retryAfter = facts.retryAfter;
  }
}

interface ErrorFacts {
  readonly status: number;
  readonly code: string | null;
  readonly type: string | null;
  readonly param: string | null;
  readonly requestId: string | null;
  readonly retryAfter: number | null;
}

/** No answer came: nobody is there, the line broke, or it took too long. A POST may have been done all the same. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** A webhook that is not to be believed. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
}

/** An answer that is no success, as an error. */
export async function errorOf(response: Response): Promise<RendermillError> {
  const text = await response.text();
  const error = parsed(text)?.error ?? {};
  if (error.message === undefined) return notOurs(response, `answered ${response.status}, not as Rendermill does`);
  return new RendermillError(error.message, {
    status: response.status,
    code: error.code ?? null,
    type: error.type ?? null,
    param: error.param ?? null,
    requestId: response.headers.get('x-request-id'),
    retryAfter: secondsOf(response.headers.get('retry-after')),
  });
}

/** An answer of something else: a gateway, or another program at this address. */
export function notOurs(response: Response, did: string, cause?: unknown): RendermillError {
  const { origin } = new URL(response.url || 'http://the-server');
  return new RendermillError(
    `${origin} ${did}: is it the address of Rendermill?`,
    {
      status: response.status,
      code: null,
      type: null,
      param: null,
      requestId: response.headers.get('x-request-id'),
      retryAfter: secondsOf(response.headers.get('retry-after')),
    },
    cause === undefined ? {} : { cause },
  );
}

interface Envelope {
  readonly error?: { message?: string; code?: string | null; type?: string; param?: string | null };
}

function parsed(text: string): Envelope | null {
  try {
    const value = JSON.parse(text) as Envelope | string | number | boolean | null;
    return typeof value === 'object' ? value : null;
  } catch {
    // A gateway's page.
    return null;
  }
}

/** A gateway before Rendermill may name a date. */
export function secondsOf(header: string | null): number | null {
  if (header === null || header === '') return null;
  const seconds = /^\d+(\.\d+)?$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
