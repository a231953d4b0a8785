import { text } from '../text';
import { sendForm, type Watch } from './send-form';

/** What the API said no with, in its own words. `status` 0: it was not reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;

  constructor(status: number, message: string, code: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

interface ErrorBody {
  readonly error?: { readonly message?: string; readonly code?: string | null };
}

/** The public API with one key. */
export class Client {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#ask<T>(path, signal ? { signal } : {});
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
    return valueOf<T>(response);
  }

  async #ask<T>(path: string, init: RequestInit & { readonly headers?: Record<string, string> }): Promise<T> {
    const response = await this.#send(path, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${this.#key}` },
    });
    return valueOf<T>(response);
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(path, init);
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(0, text.error.unreachable);
    }
  }
}

async function valueOf<T>(response: Response): Promise<T> {
  const body = await read(response);
  if (response.ok && body !== null) return body as T;
  const { error } = (body ?? {}) as ErrorBody;
  throw new ApiError(response.status, error?.message ?? text.error.status(response.status), error?.code ?? null);
}

/** A gateway between may answer a page of its own. */
async function read(response: Response): Promise<unknown> {
  if (!(response.headers.get('content-type') ?? '').includes('json')) return null;
  return response.json();
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Links that the API signs name its public address: the same path is here. */
export function here(url: string): string {
  const { pathname, search } = new URL(url, window.location.href);
  return pathname + search;
}
