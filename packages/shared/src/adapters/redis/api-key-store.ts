import type { ApiKey } from '../../domain/api-keys.js';
import { idempotencyTtlMs, type Repeat } from './job-store.js';
import type { ScriptRunner } from './scripts.js';

/** API keys as they lie in Redis: what they are, and digests that lead to them. */

type KeyRepeat = Pick<Repeat, 'key' | 'fingerprint'>;

export interface SavedKey {
  readonly how: 'saved' | 'existing' | 'conflict' | 'gone';
  readonly id: string;
}

export interface KeyBooks {
  /** Micro-dollars that may have been billed for what the key ordered. */
  readonly spent: number;
  /** When it was last used, to a minute; null: never. Milliseconds since the epoch. */
  readonly usedAt: number | null;
}

export class ApiKeyStore {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  async create(key: ApiKey, digest: string, repeat: KeyRepeat): Promise<SavedKey> {
    return this.#save(key, digest, 0, 0, repeat);
  }

  /** Gives the key another secret; the present one works for `overlapMs` more. */
  async rotate(key: ApiKey, digest: string, overlapMs: number, repeat: KeyRepeat): Promise<SavedKey> {
    return this.#save(key, digest, 1, overlapMs, repeat);
  }

  async #save(key: ApiKey, digest: string, change: 0 | 1, overlapMs: number, repeat: KeyRepeat): Promise<SavedKey> {
    const [how, id] = (await this.#scripts.run(
      'save-api-key',
      key.id,
      JSON.stringify(key),
      key.project,
      key.created_at,
      digest,
      change,
      Math.round(overlapMs),
      repeat.key,
      repeat.fingerprint,
      idempotencyTtlMs,
    )) as [SavedKey['how'], string];
    return { how, id };
  }

  /** The key that a digest leads to. */
  async find(digest: string): Promise<ApiKey | null> {
    const row = (await this.#scripts.run('find-api-key', digest)) as string | null;
    return row === null ? null : (JSON.parse(row) as ApiKey);
  }

  /** True where this digest leads to this key now. */
  async leads(digest: string, id: string): Promise<boolean> {
    return (await this.#scripts.client.get(this.#scripts.key('api-key-of', digest))) === id;
  }

  async get(id: string): Promise<ApiKey | null> {
    const row = await this.#scripts.client.hget(this.#scripts.key('api-key', id), 'row');
    return row === null ? null : (JSON.parse(row) as ApiKey);
  }

  /** Newest first; null: of all projects. */
  async list(project: string | null): Promise<ApiKey[]> {
    const list = project === null ? this.#scripts.key('api-keys') : this.#scripts.key('api-keys', project);
    const ids = await this.#scripts.client.zrevrange(list, 0, -1);
    const rows = await Promise.all(ids.map(async (id) => this.get(id)));
    return rows.filter((row) => row !== null);
  }

  async delete({ id, project }: ApiKey): Promise<void> {
    await this.#scripts.run('delete-api-key', id, project);
  }

  /**
   * Sets micro-dollars of a key's limit aside for a batch that is about to be written: at most `want` (null: what is left).
   * Answers what was set aside, or null where nothing is left, and what of the limit is taken without it.
   */
  async reserve(
    key: { readonly id: string; readonly limit: number },
    batch: string,
    want: number | null,
  ): Promise<{ got: number | null; taken: number }> {
    const answer = await this.#scripts.run('reserve-spend', key.id, key.limit, batch, want ?? '');
    const [got, taken] = answer as [number, number];
    return { got: got < 0 ? null : got, taken };
  }

  /** Notes that the key is used, once a minute over all processes; answers in how many ms it is to be told again. */
  async used(id: string): Promise<number> {
    return (await this.#scripts.run('use-api-key', id)) as number;
  }

  /** What became of each key, in the order of `ids`. */
  async books(ids: readonly string[]): Promise<KeyBooks[]> {
    const { client } = this.#scripts;
    return Promise.all(
      ids.map(async (id) => {
        const [spent, used] = await Promise.all([
          client.get(this.#scripts.key('api-key', id, 'spent')),
          client.hget(this.#scripts.key('api-key', id), 'used'),
        ]);
        return { spent: Number(spent ?? 0), usedAt: used === null ? null : Number(used) };
      }),
    );
  }
}
