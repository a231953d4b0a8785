import { isExpired, type FilePurpose, type FileRecord } from '../../domain/files.js';
import { idempotencyTtlMs, type Repeat } from './job-store.js';
import { isBeyond, placesAtOnce, readPlaces, type Place } from './places.js';
import type { ScriptRunner } from './scripts.js';

/** Files' records: a small hash each, their places in the lists of the project, and when their bytes are to go. */

export interface FileFilter {
  readonly purpose?: FilePurpose | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

/** Bytes in the store that are due to be removed. */
export interface FileEnd {
  readonly id: string;
  readonly key: string;
}

type FileRepeat = Pick<Repeat, 'key' | 'fingerprint'>;

export class FileStore {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** Says that bytes will be stored under a key: should no {@link save} follow until `until`, they are to be removed. */
  async expect({ id, key }: FileEnd, until: number): Promise<void> {
    await this.#scripts.client.zadd(this.#ends, until, `${id} ${key}`);
  }

  /** Writes the record of bytes that are stored; saving one file twice is saving it once. */
  async save(file: FileRecord, repeat: FileRepeat): Promise<{ how: 'saved' | 'existing' | 'conflict'; id: string }> {
    const [how, id] = (await this.#scripts.run(
      'save-file',
      file.id,
      file.project,
      file.key,
      file.bytes,
      file.filename,
      file.purpose,
      file.created_at,
      file.expires_at ?? '',
      repeat.key,
      repeat.fingerprint,
      idempotencyTtlMs,
    )) as ['saved' | 'existing' | 'conflict', string];
    return { how, id };
  }

  /** Null where there is none, where it is another project's, and where it has expired. */
  async get(project: string, id: string): Promise<FileRecord | null> {
    const file = decode(id, await this.#scripts.client.hgetall(this.#scripts.key('file', id)));
    return file?.project === project && !isExpired(file, Date.now()) ? file : null;
  }

  /** One page by time of creation, or null where `after` is no file that is known. */
  async list(project: string, filter: FileFilter): Promise<{ files: FileRecord[]; more: boolean } | null> {
    const after = filter.after === undefined ? undefined : await this.#place(project, filter.after);
    if (after === null) return null;
    const { purpose, order, limit } = filter;
    const index = this.#scripts.key('files', project, ...(purpose === undefined ? [] : [purpose]));
    const stretch = { from: -Infinity, to: Infinity, after, order };
    const files: FileRecord[] = [];
    for (let offset = 0; ; offset += placesAtOnce) {
      const places = await readPlaces(this.#scripts, index, stretch, offset);
      for (const file of await this.#files(places.filter((place) => isBeyond(place, stretch)))) {
        if (files.length === limit) return { files, more: true };
        files.push(file);
      }
      if (places.length < placesAtOnce) return { files, more: false };
    }
  }

  /** Ends a file; its bytes are due to be removed at once. False where it was gone already. */
  async drop({ id, key }: FileEnd): Promise<boolean> {
    return (await this.#scripts.run('drop-file', id, key)) === 1;
  }

  /** Bytes whose time is over. */
  async due(limit: number): Promise<FileEnd[]> {
    const members = await this.#scripts.client.zrangebyscore(this.#ends, '-inf', Date.now(), 'LIMIT', 0, limit);
    return members.map((member) => {
      const blank = member.indexOf(' ');
      return { id: member.slice(0, blank), key: member.slice(blank + 1) };
    });
  }

  /** The bytes are removed. */
  async removed({ id, key }: FileEnd): Promise<void> {
    await this.#scripts.client.zrem(this.#ends, `${id} ${key}`);
  }

  get #ends(): string {
    return this.#scripts.key('file-ends');
  }

  async #place(project: string, id: string): Promise<Place | null> {
    const created = await this.#scripts.client.zscore(this.#scripts.key('files', project), id);
    return created === null ? null : { id, at: Number(created) };
  }

  async #files(places: readonly Place[]): Promise<FileRecord[]> {
    const pipeline = this.#scripts.client.pipeline();
    for (const { id } of places) pipeline.hgetall(this.#scripts.key('file', id));
    const answers = (await pipeline.exec()) ?? [];
    const now = Date.now();
    return answers.flatMap(([error, fields], i) => {
      if (error) throw error;
      const file = decode(places[i]?.id ?? '', fields as Record<string, string>);
      return file && !isExpired(file, now) ? [file] : [];
    });
  }
}

function decode(id: string, row: Readonly<Record<string, string>>): FileRecord | null {
  if (!row['project']) return null;
  return {
    id,
    project: row['project'],
    key: row['key'] ?? '',
    bytes: Number(row['bytes']),
    filename: row['filename'] ?? '',
    purpose: row['purpose'] as FilePurpose,
    created_at: Number(row['created']),
    expires_at: row['expires'] ? Number(row['expires']) : null,
  };
}
