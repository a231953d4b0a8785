import { isEnded, linesDone, type Batch } from '../../domain/batch.js';
import { readBatches } from './batch-store.js';
import type { ScriptRunner } from './scripts.js';

/** How the whole installation stands, of all projects: for its operator. Times in milliseconds. */
export interface InstallationState {
  readonly jobs: { readonly queued: number; readonly in_progress: number };
  /** Since when the oldest queued job waits, or 0 where none does. */
  readonly oldestQueuedMs: number;
  readonly due: Waiting;
  readonly unknownAttempts: number;
  readonly outbox: Waiting & { readonly targets: number };
  readonly batches: Readonly<Record<string, number>>;
  readonly lines: { readonly waiting: number; readonly open: number } & Readonly<Record<EndedLine, number>>;
  readonly workers: number;
  readonly memory: { readonly used: number; readonly max: number };
}

interface Waiting {
  readonly count: number;
  /** For how long the first of them should have been under way; 0: its time has not come. */
  readonly overdueMs: number;
}

type EndedLine = 'completed' | 'failed' | 'cancelled';

/** A worker's lease, and the grace after it. */
const aliveMs = 15_000;

export class Installation {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** True where this process is the one that tells of the installation: who is asked for it, until nobody asks it any more. */
  async claim(holder: string): Promise<boolean> {
    return (await this.#scripts.run('claim-telling', holder, tellingMs)) === 1;
  }

  async read(): Promise<InstallationState> {
    const { client } = this.#scripts;
    const [now, projects, targets, memory, batches] = await Promise.all([
      this.#now(),
      client.smembers(this.#key('projects')),
      client.zrange(this.#key('outbox'), '0', '-1'),
      client.info('memory'),
      this.#batches(),
    ]);
    const [ofProjects, deliveries, due, outbox, workers] = await Promise.all([
      this.#ofProjects(projects),
      this.#sizes(targets.map((target) => this.#key('outbox', target))),
      this.#waiting('due', now),
      this.#waiting('outbox', now),
      client.zcount(this.#key('workers'), now - aliveMs, '+inf'),
    ]);
    return {
      jobs: { queued: ofProjects.queued, in_progress: ofProjects.inProgress },
      oldestQueuedMs: ofProjects.oldest === Infinity ? 0 : Math.max(0, now - ofProjects.oldest),
      due,
      unknownAttempts: ofProjects.unknown,
      outbox: { ...outbox, count: sum(deliveries), targets: targets.length },
      ...ofBatches(batches),
      workers,
      memory: { used: infoOf(memory, 'used_memory'), max: infoOf(memory, 'maxmemory') },
    };
  }

  /** By Redis's own clock, which wrote the times. */
  async #now(): Promise<number> {
    const [seconds, micros] = await this.#scripts.client.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }

  async #batches(): Promise<Batch[]> {
    const ids = await this.#scripts.client.zrange(this.#key('batches-active'), '0', '-1');
    return (await readBatches(this.#scripts, ids)).filter((batch) => batch !== null);
  }

  /** Sums over all projects; `oldest`: when the oldest queued job was made, Infinity where none waits. */
  async #ofProjects(projects: readonly string[]): Promise<{
    readonly queued: number;
    readonly inProgress: number;
    readonly unknown: number;
    readonly oldest: number;
  }> {
    const keys = (...parts: string[]): string[] =>
      projects.map((project) => this.#key(parts[0] ?? '', project, ...parts.slice(1)));
    const [queued, inProgress, unknown, firsts] = await Promise.all([
      this.#sizes(keys('jobs', 'queued')),
      this.#sizes(keys('jobs', 'in_progress')),
      this.#sizes(keys('unknown')),
      Promise.all(keys('jobs', 'queued').map(async (key) => this.#first(key))),
    ]);
    return {
      queued: sum(queued),
      inProgress: sum(inProgress),
      unknown: sum(unknown),
      oldest: firsts.reduce((oldest, first) => Math.min(oldest, first), Infinity),
    };
  }

  async #sizes(keys: readonly string[]): Promise<number[]> {
    return Promise.all(keys.map(async (key) => this.#scripts.client.zcard(key)));
  }

  /** A list of what is due, by time. */
  async #waiting(list: string, now: number): Promise<Waiting> {
    const key = this.#key(list);
    const [count, first] = await Promise.all([this.#scripts.client.zcard(key), this.#first(key)]);
    return { count, overdueMs: Math.max(0, now - first) };
  }

  /** The lowest score of a list; Infinity where it is empty. */
  async #first(key: string): Promise<number> {
    const [, score] = await this.#scripts.client.zrange(key, '0', '0', 'WITHSCORES');
    return score === undefined ? Infinity : Number(score);
  }

  #key(...parts: string[]): string {
    return this.#scripts.key(...parts);
  }
}

/** Who tells goes on while it is asked at least so often; then whoever is asked. */
const tellingMs = 300_000;

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

function ofBatches(batches: readonly Batch[]): Pick<InstallationState, 'batches' | 'lines'> {
  const counts: Record<string, number> = {};
  const lines = { waiting: 0, open: 0, completed: 0, failed: 0, cancelled: 0 };
  for (const batch of batches.filter(({ status }) => !isEnded(status))) {
    const status = batch.paused_at === null ? batch.status : 'paused';
    counts[status] = (counts[status] ?? 0) + 1;
    lines.waiting += Math.max(0, batch.total - linesDone(batch) - batch.open);
    lines.open += batch.open;
    lines.completed += batch.completed;
    lines.failed += batch.failed;
    lines.cancelled += batch.cancelled;
  }
  return { batches: counts, lines };
}

function infoOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}
