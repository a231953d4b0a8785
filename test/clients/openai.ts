import OpenAI4, { toFile as toFile4 } from 'openai4';
import { fetch as fetch4 } from 'openai4/_shims/index.mjs';
import OpenAI6, { toFile as toFile6 } from 'openai6';
import OpenAI7, { toFile as toFile7 } from 'openai7';
import type { World } from '../world.js';

/**
 * The OpenAI SDKs that people have installed, as they come from the registry. Tests are written once, against the
 * newest types: the older constructors are given these, and a row says what they lack.
 */
export interface Version {
  readonly major: number;
  readonly Sdk: typeof OpenAI7;
  readonly toFile: typeof toFile7;
  /** Its own default transport: node-fetch in 4, Node's in later ones. */
  readonly fetch: typeof fetch;
  readonly streams: boolean;
  readonly unwraps: boolean;
}

export const versions: readonly Version[] = [
  {
    major: 4,
    Sdk: OpenAI4 as unknown as typeof OpenAI7,
    toFile: toFile4 as unknown as typeof toFile7,
    fetch: fetch4,
    streams: false,
    unwraps: false,
  },
  {
    major: 6,
    Sdk: OpenAI6 as unknown as typeof OpenAI7,
    toFile: toFile6,
    fetch,
    streams: true,
    unwraps: true,
  },
  { major: 7, Sdk: OpenAI7, toFile: toFile7, fetch, streams: true, unwraps: true },
];

/** One HTTP request that a client made. */
export interface Sent {
  readonly path: string;
  /** `X-Stainless-Retry-Count`: 0 for the first try. */
  readonly retry: string | null;
  /** The body's length was told beforehand. */
  readonly sized: boolean;
}

export interface Counted {
  readonly client: OpenAI7;
  /** Every HTTP request, as the client's own transport was handed it. */
  readonly sent: Sent[];
}

/** A client with nothing set but base URL and key, and a transport that counts. */
export function connect(
  { Sdk, fetch: send }: Version,
  world: Pick<World, 'url' | 'key'>,
  more: ConstructorParameters<typeof OpenAI7>[0] = {},
): Counted {
  const sent: Sent[] = [];
  const counting: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    // Later versions ask their transport for an empty data: URL, to learn what it can do: that goes nowhere.
    if (url.protocol === 'data:') return send(input, init);
    const headers = new Headers(init?.headers);
    const sized = headers.has('content-length') || typeof init?.body === 'string' || init?.body instanceof FormData;
    sent.push({ path: url.pathname, retry: headers.get('x-stainless-retry-count'), sized });
    return send(input, init);
  };
  return { client: new Sdk({ baseURL: `${world.url}/v1`, apiKey: world.key, fetch: counting, ...more }), sent };
}
