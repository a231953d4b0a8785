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
    const [queued, in_progress, unknown, oldest, outbox, due, firstDue, firstOut, workers] = await this.#counts(
      projects,
      targets,
      now,
    );
    return {
      jobs: { queued, in_progress },
      oldestQueuedMs: oldest === Infinity ? 0 : Math.max(0, now - oldest),
      due: { count: due, overdueMs: Math.max(0, now - firstDue) },
      unknownAttempts: unknown,
      outbox: { count: outbox, targets: targets.length, overdueMs: Math.max(0, now - firstOut) },
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

  /** In one pipeline: a handful of counts for each project, one for each receiver. */
  async #counts(projects: readonly string[], targets: readonly string[], now: number): Promise<Counts> {
    const pipeline = this.#scripts.client.pipeline();
    for (const project of projects) {
      pipeline.zcard(this.#key('jobs', project, 'queued'));
      pipeline.zcard(this.#key('jobs', project, 'in_progress'));
      pipeline.zcard(this.#key('unknown', project));
      pipeline.zrange(this.#key('jobs', project, 'queued'), '0', '0', 'WITHSCORES');
    }
    for (const target of targets) pipeline.zcard(this.#key('outbox', target));
    pipeline.zcard(this.#key('due'));
    pipeline.zrange(this.#key('due'), '0', '0', 'WITHSCORES');
    pipeline.zrange(this.#key('outbox'), '0', '0', 'WITHSCORES');
    pipeline.zcount(this.#key('workers'), now - aliveMs, '+inf');
    const answers = ((await pipeline.exec()) ?? []).map(([error, answer]) => {
      if (error) throw error;
      return answer;
    });
    const sumOf = (first: number): number => projects.reduce((sum, _, i) => sum + Number(answers[4 * i + first]), 0);
    const oldest = projects.map((_, i) => scoreOf(answers[4 * i + 3]));
    const rest = answers.slice(4 * projects.length);
    const [due, firstDue, firstOut, workers] = rest.slice(targets.length);
    return [
      ...[sumOf(0), sumOf(1), sumOf(2)],
      Math.min(Infinity, ...oldest),
      rest.slice(0, targets.length).reduce<number>((sum, count) => sum + Number(count), 0),
      ...[Number(due), scoreOf(firstDue), scoreOf(firstOut), Number(workers)],
    ] as Counts;
  }

  #key(...parts: string[]): string {
    return this.#scripts.key(...parts);
  }
}

/** Queued, in progress, unknown, oldest queued, in the outbox, due, first due, first of the outbox, workers. */
type Counts = [number, number, number, number, number, number, number, number, number];

/** Who tells goes on while it is asked at least so often; then whoever is asked. */
const tellingMs = 300_000;

/** The score of the one member that was asked for; Infinity where there is none. */
function scoreOf(answer: unknown): number {
  const score = (answer as string[])[1];
  return score === undefined ? Infinity : Number(score);
}

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
