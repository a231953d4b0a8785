import type { Batch, BatchSpec, BatchStatus } from '../../domain/batch.js';
import { decodeBatch } from './batch-codec.js';
import { idempotencyTtlMs, type OverLimit, type Repeat, type Submitted } from './job-store.js';
import { isBeyond, placesAtOnce, readPlaces, type Place } from './places.js';
import type { ScriptRunner } from './scripts.js';

/** Batches as the API sees them: submit, read, list, pause, resume, cancel. */

export interface BatchFilter {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

/** What a user may ask of a batch that runs. */
export type BatchChange = 'pause' | 'resume' | 'cancel';

export class BatchStore {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** Writes a new batch, or finds the one that the Idempotency-Key made: one script. */
  async submit(
    spec: BatchSpec,
    repeat: Pick<Repeat, 'key' | 'fingerprint'>,
  ): Promise<Submitted & { readonly how: 'created' | 'existing' | 'conflict' }> {
    const [how, id] = (await this.#scripts.run(
      'submit-batch',
      spec.id,
      JSON.stringify(spec),
      spec.project,
      spec.created_at,
      repeat.key,
      repeat.fingerprint,
      idempotencyTtlMs,
      spec.webhook_url ?? '',
    )) as ['created' | 'existing' | 'conflict', string];
    return { how, id };
  }

  /** Null too where it is another project's. */
  async get(project: string, id: string): Promise<Batch | null> {
    const [batch] = await readBatches(this.#scripts, [id]);
    return batch?.project === project ? batch : null;
  }

  /** One page by time of creation, or null where `after` is no batch that is known. */
  async list(project: string, filter: BatchFilter): Promise<{ batches: Batch[]; more: boolean } | null> {
    const after = filter.after === undefined ? undefined : await this.#place(project, filter.after);
    if (after === null) return null;
    const stretch = { from: -Infinity, to: Infinity, after, order: filter.order };
    const batches: Batch[] = [];
    for (let offset = 0; ; offset += placesAtOnce) {
      const places = await readPlaces(this.#scripts, this.#scripts.key('batches', project), stretch, offset);
      const ids = places.filter((place) => isBeyond(place, stretch)).map(({ id }) => id);
      for (const batch of await readBatches(this.#scripts, ids)) {
        if (!batch) continue;
        if (batches.length === filter.limit) return { batches, more: true };
        batches.push(batch);
      }
      if (places.length < placesAtOnce) return { batches, more: false };
    }
  }

  /** True where it was changed; else the status that stands in the way. */
  async change(id: string, what: BatchChange): Promise<true | BatchStatus | 'gone'> {
    const [done, status] = (await this.#scripts.run('change-batch', id, what, '')) as [number, BatchStatus | 'gone'];
    return done === 1 ? true : status;
  }

  /**
   * Runs the lines of an ended batch again that came to nothing, or those with this error code. `existing`: this
   * Idempotency-Key did so before; a status: what stands in the way. Under a spend limit of `by`, the API key that asks,
   * at most what is left of that is set aside and becomes the batch's max_cost.
   */
  async retry(
    id: string,
    { code, maxCost }: { readonly code: string | null; readonly maxCost: number | null },
    repeat: Pick<Repeat, 'key' | 'fingerprint'>,
    by: { readonly keyId: string; readonly spendLimit: number | null },
  ): Promise<'retried' | 'existing' | 'conflict' | BatchStatus | 'gone' | OverLimit> {
    const answer = await this.#scripts.run(
      'retry-batch',
      id,
      code ?? '',
      maxCost ?? '',
      repeat.key,
      repeat.fingerprint,
      idempotencyTtlMs,
      by.keyId,
      by.spendLimit ?? '',
    );
    if (Array.isArray(answer)) return { how: 'over_limit', id, fact: Number(answer[1]) };
    return answer as 'retried' | 'existing' | 'conflict' | BatchStatus | 'gone';
  }

  /** Ids of the jobs that a batch's lines are now. */
  async openJobs(id: string): Promise<string[]> {
    return this.#scripts.client.smembers(this.#scripts.key('batch', id, 'open'));
  }

  /** Records of ended lines that do not lie in the bucket yet. */
  async results(id: string): Promise<string[]> {
    return this.#scripts.client.lrange(this.#scripts.key('batch', id, 'results'), 0, -1);
  }

  /** The parts in the bucket, in their order. */
  async parts(id: string): Promise<BatchPart[]> {
    const rows = await this.#scripts.client.lrange(this.#scripts.key('batch', id, 'parts'), 0, -1);
    return rows.map((row) => JSON.parse(row) as BatchPart);
  }

  /** Four bits for each line, two lines a byte, the first in the upper half. */
  async states(id: string): Promise<Buffer> {
    return (await this.#scripts.client.getBuffer(this.#scripts.key('batch', id, 'states'))) ?? Buffer.alloc(0);
  }

  async #place(project: string, id: string): Promise<Place | null> {
    const created = await this.#scripts.client.zscore(this.#scripts.key('batches', project), id);
    return created === null ? null : { id, at: Number(created) };
  }
}

/** A part of the manifest: records of lines that ended about the same time. */
export interface BatchPart {
  /** Name below the batch's folder. */
  readonly name: string;
  readonly generation: number;
  readonly records: number;
  /** The first and the last line of which it has records. */
  readonly lines: readonly [number, number];
}

export async function readBatches(scripts: ScriptRunner, ids: readonly string[]): Promise<(Batch | null)[]> {
  if (ids.length === 0) return [];
  const pipeline = scripts.client.pipeline();
  for (const id of ids) pipeline.hgetall(scripts.key('batch', id)).scard(scripts.key('batch', id, 'open'));
  const answers = (await pipeline.exec()) ?? [];
  return ids.map((_, i) => {
    const [failure, fields] = answers[2 * i] ?? [];
    const [other, open] = answers[2 * i + 1] ?? [];
    if (failure) throw failure;
    if (other) throw other;
    return decodeBatch(fields as Record<string, string>, Number(open));
  });
}
