import {
  lineJobId,
  lineState,
  type Batch,
  type BatchFault,
  type BatchStatus,
  type LineRecord,
  type RestReason,
} from '../../domain/batch.js';
import type { BatchEvent } from '../../domain/batch-events.js';
import type { StoredImage } from '../../domain/job.js';
import { stateAt } from './batch-reader.js';
import { readBatches, type BatchPart } from './batch-store.js';
import { queuePriority, type NewJob } from './job-store.js';
import { entryGraceMs } from './ledger.js';
import type { ScriptRunner } from './scripts.js';

/** The leader's side of batches: validated, fed a line at a time, flushed, closed. Each step is one script that asks who leads. */

/** A leader that does not renew for this long is replaced. */
export const leaderLeaseMs = 10_000;

/** The byte offset of every so-manieth line is kept: from there on a line is found by reading. */
export const indexEvery = 1_000;

export interface LinePlace {
  readonly batch: Batch;
  readonly line: number;
  /** Byte at which the following line begins. */
  readonly next: number;
  /** `again`: begun by a retry. */
  readonly what: 'next' | 'again';
}

export class BatchLedger {
  readonly #scripts: ScriptRunner;
  readonly #worker: string;
  readonly #retentionMs: number;

  constructor(scripts: ScriptRunner, worker: string, retentionDays: number) {
    this.#scripts = scripts;
    this.#worker = worker;
    this.#retentionMs = retentionDays * 86_400_000;
  }

  /** True while this worker is the one that feeds and closes batches. */
  async lead(): Promise<boolean> {
    return (await this.#scripts.run('lead', this.#worker, leaderLeaseMs)) === 1;
  }

  /** Lets another lead at once. */
  async resign(): Promise<void> {
    await this.#scripts.run('resign', this.#worker);
  }

  /** Those that have not ended, oldest first. */
  async active(): Promise<Batch[]> {
    const ids = await this.#scripts.client.zrange(this.#scripts.key('batches-active'), 0, '-1');
    return (await readBatches(this.#scripts, ids)).filter((batch) => batch !== null);
  }

  /** It runs from here on. `index`: see {@link indexEvery}. */
  async begin(batch: Batch, total: number, index: readonly number[], event: BatchEvent): Promise<boolean> {
    return this.#begin(batch, 'in_progress', total, index, [], event);
  }

  /** Its input has faults: nothing of it runs. */
  async fail(batch: Batch, total: number, faults: readonly BatchFault[], event: BatchEvent): Promise<boolean> {
    return this.#begin(batch, 'failed', total, [], faults, event);
  }

  async #begin(
    { id }: Batch,
    status: BatchStatus,
    total: number,
    index: readonly number[],
    faults: readonly BatchFault[],
    event: BatchEvent,
  ): Promise<boolean> {
    const answer = await this.#scripts.run(
      'begin-batch',
      this.#worker,
      id,
      status,
      total,
      JSON.stringify(index),
      JSON.stringify(faults),
      ...this.#event(event),
    );
    return answer === 1;
  }

  /** The line becomes a job; `images` are those that an earlier generation made. */
  async feed(place: LinePlace, job: NewJob, images: readonly StoredImage[] = []): Promise<FedLine> {
    const { spec, routing, stage, inputs, mask } = job;
    return this.#feed(
      place,
      '',
      spec.estimate ?? '',
      lineJobId(place.batch.id, place.line),
      JSON.stringify(spec),
      spec.created_at,
      routing.id,
      JSON.stringify(routing),
      stage,
      queuePriority[spec.priority],
      JSON.stringify(inputs),
      mask ? JSON.stringify(mask) : '',
      spec.deadline ?? '',
      entryGraceMs,
      spec.model,
      place.batch.generation,
      JSON.stringify(images),
    );
  }

  /** The line cannot become a job: it has failed. */
  async refuse(place: LinePlace, record: LineRecord): Promise<FedLine> {
    return this.#feed(place, JSON.stringify(record));
  }

  async #feed({ batch, line, next, what }: LinePlace, ...rest: (string | number)[]): Promise<FedLine> {
    return (await this.#scripts.run('feed-line', this.#worker, batch.id, line, next, what, ...rest)) as FedLine;
  }

  /** These ended lines wait again, with the images that they have; `last`: a retry is for no others. */
  async markAgain(
    id: string,
    lines: readonly { readonly line: number; readonly images: readonly unknown[] }[],
    last: boolean,
  ): Promise<boolean> {
    const rows = lines.flatMap(({ line, images }) => [line, images.length > 0 ? JSON.stringify(images) : '']);
    return (await this.#scripts.run('mark-again', this.#worker, id, last ? 1 : 0, ...rows)) === 1;
  }

  /** Lines whose jobs are gone wait to be made again; answers how many. */
  async mend(id: string, jobs: readonly string[]): Promise<number> {
    return Number(await this.#scripts.run('mend-lines', this.#worker, id, ...jobs));
  }

  /** For so many lines from `first` on: true where it has not been begun. */
  async waiting(id: string, first: number, count: number): Promise<boolean[]> {
    const key = this.#scripts.key('batch', id, 'states');
    const from = (first - 1) >> 1;
    const bytes = await this.#scripts.client.getrangeBuffer(key, from, (first + count - 2) >> 1);
    return Array.from({ length: count }, (_, i) => stateAt(bytes, first + i - 2 * from) === lineState.waiting);
  }

  /** The cursor moves on to a line, over lines that need not be begun. `next`: the byte behind it. */
  async pass({ id, cursor }: Batch, line: number, next: number): Promise<boolean> {
    return (await this.#scripts.run('pass-lines', this.#worker, id, cursor, line, next)) === 1;
  }

  /** Images that lines to be run again have from before. */
  async kept(id: string, line: number): Promise<StoredImage[]> {
    const row = await this.#scripts.client.hget(this.#scripts.key('batch', id, 'kept'), String(line));
    return row ? (JSON.parse(row) as StoredImage[]) : [];
  }

  /** The oldest records of ended lines that are not in the bucket. */
  async results(id: string, limit: number): Promise<string[]> {
    return this.#scripts.client.lrange(this.#scripts.key('batch', id, 'results'), 0, limit - 1);
  }

  /** They are in the bucket; of their jobs, those are kept that `stay`. */
  async flushed(
    id: string,
    part: BatchPart,
    jobs: readonly { readonly id: string; readonly stays: boolean }[],
  ): Promise<boolean> {
    const rows = jobs.flatMap((job) => [job.id, job.stays ? 1 : 0]);
    return (
      (await this.#scripts.run('flush-batch', this.#worker, id, part.records, JSON.stringify(part), ...rows)) === 1
    );
  }

  /** What is not begun is not to be. */
  async rest(id: string, reason: RestReason): Promise<void> {
    await this.#scripts.run('change-batch', id, 'rest', reason);
  }

  async finalize(id: string): Promise<boolean> {
    return (await this.#scripts.run('finalize-batch', this.#worker, id)) === 1;
  }

  /** `left`: lines that were never begun. */
  async close(
    { id }: Batch,
    status: BatchStatus,
    files: { readonly output: string | null; readonly errors: string | null },
    left: number,
    event: BatchEvent,
  ): Promise<boolean> {
    const answer = await this.#scripts.run(
      'close-batch',
      this.#worker,
      id,
      status,
      files.output ?? '',
      files.errors ?? '',
      left,
      ...this.#event(event),
    );
    return answer === 1;
  }

  async announce(id: string, event: BatchEvent): Promise<void> {
    await this.#scripts.run('announce-batch', this.#worker, id, ...this.#event(event));
  }

  /** How far it was, and when: for its rate. */
  async pace(id: string, pace: Batch['pace']): Promise<void> {
    await this.#scripts.client.hset(this.#scripts.key('batch', id), 'pace', JSON.stringify(pace));
  }

  /** The byte offsets of every {@link indexEvery}th line. */
  async index(id: string): Promise<number[]> {
    return JSON.parse((await this.#scripts.client.get(this.#scripts.key('batch', id, 'index'))) ?? '[]') as number[];
  }

  #event({ id, type, data }: BatchEvent): (string | number)[] {
    return [id, type, JSON.stringify(data), this.#retentionMs];
  }
}

/** The run of the line's job, 0 where it has none; `stale`: another line is next; `stopped`: none is to be fed now. */
export type FedLine = number | 'stale' | 'stopped';
