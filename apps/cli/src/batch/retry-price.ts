import { isEnded, type Rendermill } from '@rendermill/client';
import { UsageError } from '../command.js';
import { count, dollars } from '../format.js';
import { failsAgain, failuresOf } from './failures.js';

/** What it is likely to cost to run something again. */
export interface RetryPrice {
  readonly words: string;
  /** For a program. */
  readonly facts: {
    readonly object: 'retry_estimate';
    readonly id: string;
    readonly lines?: number;
    readonly images?: number;
    readonly currency: 'USD';
    /** Null where nobody knows it. */
    readonly cost: number | null;
  };
}

/** What an error file calls lines that were never begun, and a retry takes too. */
const aliases: Readonly<Record<string, string>> = { batch_cancelled: 'cancelled', batch_expired: 'deadline_exceeded' };

/** What a line has cost on average, or where none has been made was expected to, is what one more is likely to cost. */
export async function priceOfBatch(
  client: Rendermill,
  id: string,
  code: string | undefined,
  maxCost: number | undefined,
): Promise<RetryPrice> {
  const batch = await client.batches.get(id);
  const { request_counts: n, cost } = batch;
  if (!isEnded(batch)) throw new UsageError(`${id} is ${batch.status}: what has ended can be run again.`);
  if (n.total === 0) throw new UsageError(`Nothing of ${id} was run: mend its input and submit it anew.`);
  if (maxCost !== undefined && cost.actual !== null && maxCost <= cost.actual)
    throw new UsageError(
      `${id} has cost ${dollars(cost.actual)} already, and --max-cost is what it may cost in all, with that: name more.`,
    );
  const groups = await failuresOf(client, id);
  const wanted = groups.filter((group) => code === undefined || group.code === (aliases[code] ?? code));
  const lines = code === undefined ? n.failed + n.cancelled : wanted.reduce((sum, group) => sum + group.lines, 0);
  if (lines === 0) {
    const reasons = groups.map((group) => group.code).join(', ');
    throw new UsageError(
      `No line of ${id} failed${code === undefined ? '' : ` with ${code}`}${reasons === '' ? '' : `; there is ${reasons}`}.`,
    );
  }
  // Of lines that were never begun nothing is estimated either: 0 is no price.
  const each = n.completed > 0 ? over(cost.actual, n.completed) : over(cost.estimated || null, n.total);
  const about = each === null ? ', at a price that is not known' : `: about ${dollars(each * lines)}`;
  return {
    words: [`This runs ${count(lines, 'line')} again${about}.`, ...(await hopeless(client, wanted))].join('\n'),
    facts: { object: 'retry_estimate', id, lines, currency: 'USD', cost: each === null ? null : each * lines },
  };
}

/** What is not worth its retry, said before the yes. */
async function hopeless(client: Rendermill, groups: Awaited<ReturnType<typeof failuresOf>>): Promise<string[]> {
  const words: string[] = [];
  for (const group of groups)
    if (await failsAgain(client, group))
      words.push(
        `${count(group.lines, 'line')} of them (${group.code}) will fail again: correct these rows and submit them as a new batch.`,
      );
  return words;
}

/** Of its pictures those that are missing. */
export async function priceOfJob(client: Rendermill, id: string): Promise<RetryPrice> {
  const job = await client.jobs.get(id);
  if (job.batch_id !== null)
    throw new UsageError(`${id} is a line of a batch: rendermill retry ${job.batch_id} [--error-code CODE]`);
  if (!isEnded(job)) throw new UsageError(`${id} is ${job.status}: what has ended can be run again.`);
  const n = job.request?.n ?? 1;
  const images = n - job.images.length;
  if (images <= 0) throw new UsageError(`${id} has all of its pictures: there is nothing to run again.`);
  const each = over(job.cost.estimated, n);
  const about = each === null ? ', at a price that is not known' : `: about ${dollars(each * images)}`;
  return {
    words: `This makes ${count(images, 'picture')} again${about}.`,
    facts: { object: 'retry_estimate', id, images, currency: 'USD', cost: each === null ? null : each * images },
  };
}

const over = (sum: number | null, parts: number): number | null => (sum === null || parts === 0 ? null : sum / parts);
