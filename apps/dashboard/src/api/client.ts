import { text } from '../text';
import { sendForm, type Watch } from './send-form';

/** What the API said no with, in its own words. `status` 0: it was not reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;
  /** How long it asked to be left alone; 0: it did not say. */
  readonly retryAfterMs: number;

  constructor(status: number, message: string, code: string | null = null, retryAfterMs = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

interface ErrorBody {
  readonly error?: { readonly message?: string; readonly code?: string | null };
}

/** A read that takes longer has come to nothing: a connection that broke unnoticed would be waited for without end. */
const longestReadMs = 60_000;

/** The public API with one key. */
export class Client {
  readonly #key: string;
  readonly #refused: () => void;

  /** `refused`: the key is no good, or not any more. */
  constructor(key: string, refused: () => void = () => undefined) {
    this.#key = key;
    this.#refused = refused;
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const late = AbortSignal.timeout(longestReadMs);
    return this.#ask<T>(path, { signal: signal ? AbortSignal.any([signal, late]) : late });
  }

  async post<T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.#ask<T>(path, { method: 'POST', ...json, headers: { 'content-type': 'application/json', ...headers } });
  }

  async delete(path: string): Promise<void> {
    await this.#ask(path, { method: 'DELETE' });
  }

  async upload<T>(path: string, form: FormData, watch: Watch): Promise<T> {
    const response = await sendForm(path, form, this.#key, watch);
    if (!response) throw new ApiError(0, text.error.unreachable);
    return this.#valueOf<T>(response);
  }

  async #ask<T>(path: string, init: RequestInit & { readonly headers?: Record<string, string> }): Promise<T> {
    const response = await this.#send(path, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${this.#key}` },
    });
    return this.#valueOf<T>(response);
  }

  async #valueOf<T>(response: Response): Promise<T> {
    const body = await read(response);
    if (response.ok && body !== null) return body as T;
    const { error } = (body ?? {}) as ErrorBody;
    if (response.status === 401 && error) this.#refused();
    const message = error?.message ?? text.error.status(response.status);
    throw new ApiError(response.status, message, error?.code ?? null, retryAfterOf(response));
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(path, init);
    } catch (error) {
      const isRead = init.method === undefined;
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw new ApiError(0, isRead ? text.error.unreachable : text.error.unsure);
    }
  }
}

/** A gateway between may answer a page of its own, and a connection may break within an answer. */
async function read(response: Response): Promise<unknown> {
  if (!(response.headers.get('content-type') ?? '').includes('json')) return null;
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, text.error.broken);
  }
}

/** In seconds, as the API writes it; a gateway's date is left alone. */
function retryAfterOf(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? Math.max(0, seconds) * 1_000 : 0;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Links that the API signs name its public address: the same path is here. */
export function here(url: string): string {
  const { pathname, search } = new URL(url, window.location.href);
  return pathname + search;
}
