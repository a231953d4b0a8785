/** The public API, as anybody would call it. */
export class DemoClient {
  readonly #url: string;
  readonly #key: string;
  readonly #signal: AbortSignal;

  /** After `signal` no call is begun; none is broken off, for half of a submission is worse than a second's wait. */
  constructor(url: string, key: string, signal: AbortSignal) {
    this.#url = url;
    this.#key = key;
    this.#signal = signal;
  }

  /** The same after the signal: for what is to be tidied up. */
  afterwards(): DemoClient {
    return new DemoClient(this.#url, this.#key, new AbortController().signal);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await this.#ask(method, path, body)).json() as Promise<T>;
  }

  /** An answer of JSON lines. */
  async lines<T>(path: string): Promise<T[]> {
    const text = await (await this.#ask('GET', path)).text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  }

  /** The bytes behind a signed link, for which no key is needed. */
  async download(url: string): Promise<Buffer> {
    this.#signal.throwIfAborted();
    const response = await fetch(url);
    if (!response.ok) throw new Error(`downloading ${url}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Response> {
    this.#signal.throwIfAborted();
    const headers = { authorization: `Bearer ${this.#key}` };
    const form = body instanceof FormData;
    const response = await fetch(this.#url + path, {
      method,
      headers: body === undefined || form ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    });
    if (!response.ok) throw await ApiError.of(`${method} ${path}`, response);
    return response;
  }
}

/** What the API refused, in its words. */
export class ApiError extends Error {
  readonly code: string;
  readonly reason: string;

  constructor(what: string, status: number, code: string, reason: string) {
    super(`${what}: ${status} ${reason}`);
    this.code = code;
    this.reason = reason;
  }

  static async of(what: string, response: Response): Promise<ApiError> {
    const text = await response.text();
    try {
      const { error } = JSON.parse(text) as { error: { code: string; message: string } };
      return new ApiError(what, response.status, error.code, error.message);
    } catch {
      return new ApiError(what, response.status, 'not_json', text.slice(0, 200));
    }
  }
}
