import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKeyStore } from '@rendermill/shared/adapters/redis/api-key-store';
import type { KeyPepper } from '@rendermill/shared/adapters/redis/key-pepper';
import type { RequestLimits } from '@rendermill/shared/adapters/redis/request-limits';
import type { Signals } from '@rendermill/shared/adapters/redis/signals';
import { adminsKey, digestOf, isKey, type ApiKey } from '@rendermill/shared/domain/api-keys';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { subscriberOf } from '@rendermill/shared/domain/ip-ranges';
import type { Logger } from '@rendermill/shared/observability/log';

/** How long what was read of a key is believed, should the message that it changed be lost: revocation is within a second. */
const freshMs = 900;
/** How long an address that has shown a good key is not held up by bad ones from the same address. */
const knownMs = 10 * 60_000;
const mostKnown = 10_000;
/** Bad keys that an address may show within a minute. */
export const badKeysPerMinute = 20;

export interface KeyRingParts {
  readonly store: ApiKeyStore;
  readonly limits: RequestLimits;
  readonly adminKey: string;
  readonly pepper: KeyPepper;
  readonly log: Logger;
}

interface Known {
  readonly key: ApiKey;
  readonly readAt: number;
}

/** Tells whose a key is. Every process asks Redis; what it heard it believes for less than a second. */
export class KeyRing {
  readonly #parts: KeyRingParts;
  readonly #adminDigest: Buffer;
  /** By digest and address, the longest unused first. */
  readonly #known = new Map<string, Known>();
  /** Addresses that have shown too many bad keys, and until when: those are told off without asking Redis. */
  readonly #blocked = new Map<string, number>();

  /** By key: until when its use need not be noted again. */
  readonly #toldAgain = new Map<string, number>();

  constructor(parts: KeyRingParts) {
    this.#parts = parts;
    this.#adminDigest = sha256(parts.adminKey);
  }

  async follow(signals: Signals): Promise<void> {
    await signals.listen('keys', (id) => {
      for (const [place, { key, readAt }] of this.#known)
        if (key.id === id && readAt > 0) this.#known.set(place, { key, readAt: 0 });
    });
  }

  /** The key that this text is. Throws where it is none, and where its address has shown too many that were none. */
  async identify(text: string, address: string): Promise<ApiKey> {
    const subscriber = subscriberOf(address);
    const digest = digestOf(this.#parts.pepper.present, text);
    const place = `${digest} ${subscriber}`;
    const known = this.#known.get(place);
    const age = Date.now() - (known?.readAt ?? 0);
    if (known && age < freshMs) return known.key;
    // Before anything is said about the key, so that who is held up learns nothing more.
    if (!known) await this.#holdUp(subscriber);
    // From before it was asked for: however long the answer takes to come, a revocation is heard in time.
    const readAt = Date.now();
    const key = await this.#find(text, digest);
    this.#known.delete(place);
    if (!key) return this.#refuse(subscriber);
    this.#remember(place, { key, readAt });
    return key;
  }

  /** Notes that a key is used: of what is told within a minute, nothing is lost by keeping silent. */
  async used({ id }: ApiKey): Promise<void> {
    if (id === adminsKey.id || (this.#toldAgain.get(id) ?? 0) > Date.now()) return;
    if (this.#toldAgain.size >= mostKnown) this.#toldAgain.clear();
    try {
      this.#toldAgain.set(id, Date.now() + (await this.#parts.store.used(id)));
    } catch (error) {
      this.#parts.log.warn({ error, key: id }, 'api_key.use_not_noted');
    }
  }

  async #find(text: string, digest: string): Promise<ApiKey | null> {
    if (timingSafeEqual(sha256(text), this.#adminDigest)) return adminsKey;
    if (!isKey(text)) return null;
    const { store, pepper } = this.#parts;
    const found = await store.find(digest);
    if (found) return found;
    // Another process may have made or opened the pepper since.
    const now = (await pepper.read()) ? digestOf(pepper.present, text) : digest;
    return now === digest ? null : store.find(now);
  }

  #remember(place: string, known: Known): void {
    this.#known.set(place, known);
    for (const [oldest, { readAt }] of this.#known) {
      if (this.#known.size <= mostKnown && (readAt === 0 || Date.now() - readAt < knownMs)) break;
      this.#known.delete(oldest);
    }
  }

  async #holdUp(subscriber: string): Promise<void> {
    const until = this.#blocked.get(subscriber) ?? 0;
    if (until > Date.now()) throw tooMany(until - Date.now());
    this.#blocked.delete(subscriber);
    const { count, leftMs } = await this.#orNothing(async () => this.#parts.limits.badKeys(subscriber));
    if (count >= badKeysPerMinute) throw this.#block(subscriber, leftMs);
  }

  async #refuse(subscriber: string): Promise<never> {
    const { count, leftMs } = await this.#orNothing(async () => this.#parts.limits.countBadKey(subscriber));
    if (count > badKeysPerMinute) throw this.#block(subscriber, leftMs);
    throw new RendermillError('invalid_api_key', 'Incorrect API key provided.');
  }

  #block(subscriber: string, leftMs: number): RendermillError {
    if (this.#blocked.size >= mostKnown) this.#blocked.clear();
    this.#blocked.set(subscriber, Date.now() + leftMs);
    return tooMany(leftMs);
  }

  /** With Redis away nobody is held up: the admin key is told without it, and no other can be. */
  async #orNothing<T>(count: () => Promise<T>): Promise<T | { count: number; leftMs: number }> {
    try {
      return await count();
    } catch (error) {
      this.#parts.log.warn({ error }, 'bad_keys.not_counted');
      return { count: 0, leftMs: 0 };
    }
  }
}

function tooMany(leftMs: number): RendermillError {
  const message = 'Too many wrong API keys came from this address: wait a minute, and check the key.';
  return new RendermillError('rate_limit_exceeded', message, { retryAfterMs: leftMs });
}

/** Of equal length whatever was sent: compared in constant time. */
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
