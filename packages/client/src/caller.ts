import { notOurs } from './errors.js';
import { send, type Call, type TransportOptions } from './transport.js';
import { chunksOf } from './streams.js';
import type { paths } from './api.js';
import type { AnswerOf, BodyOf, Method, ParamsOf, PathWith, QueryOf } from './types.js';

/** Any route of the API, with the types that the OpenAPI document gives it. */

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Beside what every call has. An `idempotency-key` of your own ties repeats of a program together. */
  readonly headers?: Readonly<Record<string, string>>;
}

type Params<P extends keyof paths> =
  unknown extends ParamsOf<P> ? { readonly params?: undefined } : { readonly params: Readonly<ParamsOf<P>> };
type Body<P extends keyof paths, M extends Method> =
  BodyOf<P, M> extends undefined ? { readonly body?: undefined } : { readonly body?: BodyOf<P, M> };

export type RouteOptions<P extends keyof paths, M extends Method> = CallOptions &
  Params<P> &
  Body<P, M> & { readonly query?: QueryOf<P, M> };

/** Options may be left out where nothing in them is needed. */
export type Rest<P extends keyof paths, M extends Method> =
  unknown extends ParamsOf<P> ? [options?: RouteOptions<P, M>] : [options: RouteOptions<P, M>];

interface AnyOptions extends CallOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
}

export class Caller {
  readonly #transport: TransportOptions;

  constructor(transport: TransportOptions) {
    this.#transport = transport;
  }

  get url(): string {
    return this.#transport.url;
  }

  get<P extends PathWith<'get'>>(path: P, ...[options]: Rest<P, 'get'>): Promise<AnswerOf<P, 'get'>> {
    return this.#json('GET', path, options as AnyOptions | undefined);
  }

  post<P extends PathWith<'post'>>(path: P, ...[options]: Rest<P, 'post'>): Promise<AnswerOf<P, 'post'>> {
    return this.#json('POST', path, options as AnyOptions | undefined);
  }

  delete<P extends PathWith<'delete'>>(path: P, ...[options]: Rest<P, 'delete'>): Promise<AnswerOf<P, 'delete'>> {
    return this.#json('DELETE', path, options);
  }

  /** The answer as it comes, for what is no JSON. Its head says success. */
  raw<P extends PathWith<'get'>>(path: P, ...[options]: Rest<P, 'get'>): Promise<Response> {
    return this.open('GET', path, options as AnyOptions | undefined);
  }

  async open(method: string, path: string, options: AnyOptions = {}, body: Partial<Call> = {}): Promise<Response> {
    const { params = {}, query = {}, signal, headers } = options;
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)] as [string, string]],
      ),
    ).toString();
    const json = options.body === undefined ? {} : { body: JSON.stringify(options.body) };
    return send(this.#transport, {
      method,
      path: search === '' ? filled : `${filled}?${search}`,
      signal,
      holdMs: 1_000 * Number(query['wait'] ?? 0),
      ...json,
      ...body,
      headers: {
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...body.headers,
        ...headers,
      },
    });
  }

  async #json<T>(method: string, path: string, options: AnyOptions = {}): Promise<T> {
    return readJson<T>(await this.open(method, path, options), options.signal);
  }
}

export async function readJson<T>(response: Response, signal?: AbortSignal): Promise<T> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunksOf(response, signal)) text += decoder.decode(chunk, { stream: true });
  try {
    return JSON.parse(text + decoder.decode()) as T;
  } catch (cause) {
    throw notOurs(response, 'answered something that is no JSON', cause);
  }
}
