import { randomBytes } from 'node:crypto';
import { isOutdated, seal, unseal, type SealingSecrets } from '../../domain/sealed-box.js';
import type { ScriptRunner } from './scripts.js';

const place = 'api-key-pepper';
const context = 'installation|api-key-pepper';

const random = (): string => randomBytes(32).toString('base64url');

/**
 * The secret under which digests of API keys are made. It is one of its own, sealed in Redis beside the digests, so that
 * RENDERMILL_SECRET can be changed without making a key void.
 */
export class KeyPepper {
  readonly #scripts: ScriptRunner;
  readonly #secrets: SealingSecrets;
  #present = random();

  constructor(scripts: ScriptRunner, secrets: SealingSecrets) {
    this.#scripts = scripts;
    this.#secrets = secrets;
  }

  /** As it was last read; where it could not be, one under which no key is found. */
  get present(): string {
    return this.#present;
  }

  /**
   * Reads it; whoever comes first has made it for all, and after a loss of Redis whoever still knows it puts it back.
   * False where neither secret opens it: it is kept for when one does.
   */
  async read(): Promise<boolean> {
    await this.#scripts.client.setnx(this.#scripts.key(place), seal(this.#secrets, context, this.#present));
    const opened = this.#open(await this.#sealed());
    if (opened !== null) this.#present = opened;
    return opened !== null;
  }

  /** Seals anew what the RENDERMILL_SECRET before has sealed; true where that was needed. */
  async renew(): Promise<boolean> {
    const was = await this.#sealed();
    const opened = this.#open(was);
    if (opened === null || !isOutdated(this.#secrets, was)) return false;
    return (await this.#scripts.run('reseal', place, was, seal(this.#secrets, context, opened))) === 1;
  }

  async #sealed(): Promise<string> {
    return (await this.#scripts.client.get(this.#scripts.key(place))) ?? '';
  }

  #open(sealed: string): string | null {
    try {
      return unseal(this.#secrets, context, sealed);
    } catch {
      return null;
    }
  }
}
