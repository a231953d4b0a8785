import type { AttemptRefusal } from '@rendermill/shared/adapters/redis/ledger';
import type { ErrorBody } from '@rendermill/shared/domain/errors';
import { hasRefused } from '@rendermill/shared/domain/failover';
import type { Job, StoredImage } from '@rendermill/shared/domain/job';
import { plannedCalls } from '@rendermill/shared/domain/routing';
import { takesJob } from '@rendermill/shared/domain/routing-class';
import type { WorkerDeps } from '../deps.js';
import type { LocalInputs } from '../providers/build-request.js';
import { buyPictures, type Purchase } from './buy-pictures.js';
import { collectResults } from './collect-results.js';
import type { HeldPermit, Lend } from './held-permit.js';
import { dropInputs, loadInputs } from './load-inputs.js';

/** A planned call of which images are missing. */
export interface MissingCall {
  readonly call: number;
  readonly indexes: readonly number[];
}

export function callsFor(job: Job, missing: readonly number[], imagesPerCall: number): MissingCall[] {
  return plannedCalls(job.request.n, imagesPerCall)
    .map((planned, call) => ({ call, indexes: planned.filter((index) => missing.includes(index)) }))
    .filter(({ indexes }) => indexes.length > 0);
}

/** What one call came to. */
export interface Bought extends MissingCall {
  /** Or why it was not made. */
  readonly purchase: Purchase | AttemptRefusal | 'lapsed';
  /** Its pictures that are stored. */
  readonly images: readonly StoredImage[];
  /** What is wrong with those that are not. */
  readonly error: ErrorBody | null;
}

/**
 * Buys the calls that a job has missing: the first with the permit in hand, the others beside it as permits come. It
 * waits for no permit once nothing of it is under way: what is left goes back to the queue, as do the calls after a
 * failure. Answers nothing where the permit was too old by the time the input images were here.
 */
export async function buyMissing(
  deps: WorkerDeps,
  job: Job,
  held: HeldPermit,
  calls: readonly MissingCall[],
  lend: Lend | null,
): Promise<readonly Bought[]> {
  const inputs = await loadInputs(deps, job);
  try {
    // They may have taken long to come: the account's minute is counted from the call.
    if (job.inputs.length > 0 && !(await deps.permits.stamp(held.permit))) return [];
    return await buySideBySide(deps, job, held, calls, inputs, lend);
  } finally {
    await dropInputs(deps, job);
  }
}

async function buySideBySide(
  deps: WorkerDeps,
  job: Job,
  first: HeldPermit,
  calls: readonly MissingCall[],
  inputs: LocalInputs,
  lend: Lend | null,
): Promise<readonly Bought[]> {
  const waiting = [...calls];
  const works: Promise<void>[] = [];
  const bought: Bought[] = [];
  const failures: unknown[] = [];
  const withdrawals: (() => void)[] = [];
  let underWay = 0;
  const stop = (): void => {
    waiting.length = 0;
    for (const withdraw of withdrawals) withdraw();
  };
  const buy = async (held: HeldPermit): Promise<void> => {
    underWay++;
    try {
      const late = job.deadline !== null && Date.now() >= job.deadline * 1_000;
      const fits = !hasRefused(held.account.id, job) && takesJob(held.account, job);
      const call = late || !fits ? undefined : waiting.shift();
      if (call) bought.push(await buyCall(deps, job, call, held, inputs));
      if (bought.some(endsBuying)) stop();
    } catch (thrown) {
      failures.push(thrown);
      stop();
    }
    await held.release();
    underWay--;
    if (underWay === 0) stop();
  };
  const start = (held: HeldPermit): void => void works.push(buy(held));
  start(first);
  if (lend) for (let i = waiting.length; i > 0; i--) withdrawals.push(lend(start));
  // Grows while it is walked through.
  for (const work of works) await work;
  if (failures.length > 0) throw failures[0];
  return bought;
}

async function buyCall(
  deps: WorkerDeps,
  job: Job,
  { call, indexes }: MissingCall,
  held: HeldPermit,
  inputs: LocalInputs,
): Promise<Bought> {
  const order = { call, indexes, account: held.account, inputs, onSent: held.sent, onAnswered: held.report };
  const purchase = await buyPictures(deps, job, order);
  if (typeof purchase === 'string' || !purchase.checkpoint) return { call, indexes, purchase, images: [], error: null };
  const { attempt, checkpoint } = purchase;
  const { images, error } = await collectResults(deps, job, attempt, checkpoint, checkpoint);
  return { call, indexes, purchase, images, error };
}

/** True where the job's other calls are not worth their money, or not this worker's to make. */
function endsBuying({ purchase, error }: Bought): boolean {
  return typeof purchase === 'string' || !purchase.checkpoint || error?.code === 'result_url_expired';
}
