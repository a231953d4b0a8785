import { lookup as systemLookup } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { AddressGuard, literalAddress } from './address-guard.js';

/**
 * The one way out to URLs that somebody gave us. A name is resolved once, every address is judged, the connection
 * goes to a judged address, and the socket's other end is judged again: no rebinding, no literal slips through.
 */

export type BlockReason = 'blocked' | 'unreachable' | 'timeout' | 'too_large' | 'status' | 'encoding' | 'redirects';

export class OutboundError extends Error {
  readonly reason: BlockReason;
  readonly status: number | null;

  constructor(reason: BlockReason, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OutboundError';
    this.reason = reason;
    this.status = options.status ?? null;
  }
}

const maxUrlLength = 2_048;

/** True where only RENDERMILL_ALLOW_NETS could permit the address: not plain HTTPS (or HTTP) on its usual port. */
function isUnusual(url: URL, secureOnly: boolean): boolean {
  if (url.protocol === 'https:') return url.port !== '' && url.port !== '443' && (secureOnly || url.port !== '80');
  return secureOnly || (url.port !== '' && url.port !== '80' && url.port !== '443');
}

/** Names that never are public: they are resolved by the network one stands in. */
function isLocalName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '').toLowerCase();
  return !name.includes('.') || /\.(localhost|local|internal|home\.arpa|lan)$/.test(name);
}

export interface GuardOptions {
  readonly allowNets: readonly string[];
  /** Time-outs in milliseconds. */
  readonly connectMs: number;
}

/** Checks URLs and opens guarded connections. */
export class Outbound {
  readonly #guard: AddressGuard;
  readonly #dispatcher: Agent;

  constructor(options: GuardOptions) {
    this.#guard = new AddressGuard(options.allowNets);
    this.#dispatcher = new Agent({ connect: this.#connector(options.connectMs), pipelining: 1, maxResponseSize: -1 });
  }

  get dispatcher(): Dispatcher {
    return this.#dispatcher;
  }

  /**
   * The URL, or an error that says why it may not be used. What needs no name lookup is decided here and now;
   * `secureOnly` asks for HTTPS on port 443, as webhooks do.
   */
  async check(text: string, secureOnly: boolean): Promise<URL> {
    const url = parse(text);
    const literal = literalAddress(url.hostname);
    if (literal) {
      this.#admit([literal], url, secureOnly);
    } else if (isLocalName(url.hostname) || isUnusual(url, secureOnly)) {
      if (!this.#guard.allowsAny) throw new OutboundError('blocked', refusal(url, secureOnly));
      const addresses = await lookup(url.hostname, { all: true, verbatim: true }).catch(() => []);
      if (addresses.length === 0) throw new OutboundError('blocked', refusal(url, secureOnly));
      this.#admit(
        addresses.map(({ address }) => address),
        url,
        secureOnly,
      );
    }
    return url;
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  #admit(addresses: readonly string[], url: URL, secureOnly: boolean): void {
    const needsPermission =
      isUnusual(url, secureOnly) || (literalAddress(url.hostname) === null && isLocalName(url.hostname));
    for (const address of addresses) {
      const verdict = this.#guard.judge(address);
      if (verdict === 'blocked' || (verdict === 'public' && needsPermission))
        throw new OutboundError('blocked', refusal(url, secureOnly));
    }
  }

  /** Every connection goes through here, whoever asked for it and after whichever redirect. */
  #connector(connectMs: number): buildConnector.connector {
    const guardedLookup: LookupFunction = (hostname, _options, callback) => {
      systemLookup(hostname, { all: true, verbatim: true }, (error, addresses) => {
        if (error) return callback(error, []);
        const bad = addresses.find(({ address }) => this.#guard.judge(address) === 'blocked');
        if (bad || addresses.length === 0)
          return callback(new OutboundError('blocked', `${hostname} leads to a private address`), []);
        return callback(null, addresses);
      });
    };
    const connect = buildConnector({ timeout: connectMs, lookup: guardedLookup, autoSelectFamily: true });
    return (options, callback) => {
      const literal = literalAddress(options.hostname);
      if (literal && this.#guard.judge(literal) === 'blocked') {
        callback(new OutboundError('blocked', 'the address is private'), null);
        return;
      }
      connect(options, (...[error, socket]) => {
        if (error || !socket) return callback(error ?? new Error('no socket'), null);
        if (this.#guard.judge(socket.remoteAddress ?? '') === 'blocked') {
          socket.destroy();
          return callback(new OutboundError('blocked', 'the connection led to a private address'), null);
        }
        return callback(null, socket);
      });
    };
  }
}

// Programs do not agree on what these mean in a URL.
// eslint-disable-next-line no-control-regex -- they are what is looked for
const ambiguous = /[\u0000-\u0020\\\u007f]/;

/** Where a redirect leads, still to be checked. */
export function redirected(location: string, from: URL): string {
  if (ambiguous.test(location) || !URL.canParse(location, from.href))
    throw new OutboundError('blocked', 'the server redirects to what is no URL');
  return new URL(location, from).href;
}

function parse(text: string): URL {
  const bad = (why: string): never => {
    throw new OutboundError('blocked', why);
  };
  if (text.length > maxUrlLength) bad(`a URL has at most ${maxUrlLength} characters`);
  if (ambiguous.test(text)) bad('a URL has no spaces, backslashes or control characters');
  if (!URL.canParse(text)) bad('this is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') bad('a URL begins with https://');
  if (url.username !== '' || url.password !== '') bad('a URL with a user name or password is not taken');
  if (url.hostname === '') bad('the URL names no host');
  return url;
}

function refusal(url: URL, secureOnly: boolean): string {
  const rule = secureOnly
    ? 'https:// on port 443 at a public address'
    : 'http:// or https:// on port 80 or 443 at a public address';
  return `${url.host} may not be reached: Rendermill goes to ${rule}, and to the networks in RENDERMILL_ALLOW_NETS`;
}
