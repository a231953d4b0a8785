import { retryWait } from '@rendermill/shared/domain/backoff';
import { errorBodyOf, type ErrorBody } from '@rendermill/shared/domain/errors';
import { routeOn } from '@rendermill/shared/domain/failover';
import type { Job, Stage } from '@rendermill/shared/domain/job';
import type { Forward, Outcome } from '@rendermill/shared/domain/outcome';
import { queuePriority } from '@rendermill/shared/adapters/redis/job-store';
import { jobEntryId, prepareQueue, readyQueue } from '@rendermill/shared/queues/entries';
import { Interrupted, type WorkerDeps } from '../deps.js';
import { endJob } from '../use-cases/end-job.js';
import { giveUpAttempts } from '../use-cases/give-up-attempts.js';
import { cancelled, failed } from '../use-cases/job-ends.js';

/**
 * Tells the ledger what working on a job came to, and the queue what follows: the one place where outcomes become
 * state. The entry that brought the job is removed by its consumer afterwards, whatever the outcome: a job that goes
 * on does so as a new run with an entry of its own.
 */
export async function settle(deps: WorkerDeps, job: Job, outcome: Outcome): Promise<void> {
  switch (outcome.kind) {
    case 'skip':
      return;
    case 'finish':
      await endJob(deps, job, outcome.end);
      return;
    case 'wait':
      return requeue(deps, job, outcome.forMs, job.stage, job.tries, job.error);
    case 'retry':
      return requeue(deps, job, outcome.forMs, job.stage, job.tries + 1, outcome.error);
    case 'elsewhere':
      return failOver(deps, { ...job, attempts: outcome.attempts }, outcome.error);
    case 'forward':
      return requeue(deps, { ...job, ...outcome.to }, 0, 'ready', job.tries, job.error);
  }
}

/** What an exception nobody expected comes to: logged, and tried again like any failure that cost nothing. */
export async function settleSurprise(deps: WorkerDeps, job: Job, thrown: unknown): Promise<void> {
  if (thrown instanceof Interrupted) return;
  deps.metrics.surprises.inc();
  deps.log.error({ error: thrown, job: job.id }, 'job.surprised');
  const error = errorBodyOf('worker_crash', 'An error inside Rendermill; its log has the details.');
  const latest = await deps.ledger.read(job.id);
  if (!latest || latest.fence !== job.fence) return;
  const told = await giveUpAttempts(deps, latest, deps.worker);
  if (told.tries >= 3) return settle(deps, told, failed(told, error));
  return settle(deps, told, { kind: 'retry', forMs: retryWait(told.tries, deps.random), error });
}

/** The account at hand has refused: on to the others, with tries of their own. */
async function failOver(deps: WorkerDeps, job: Job, error: ErrorBody): Promise<void> {
  const from = job.attempts.findLast(({ settlement }) => settlement?.refused)?.provider ?? '';
  const left = routeOn([...deps.accounts.values()], job, deps.prefer);
  if ('accounts' in left) {
    deps.metrics.failovers.inc({ provider: from, code: error.code });
    deps.log.warn({ job: job.id, provider: from, code: error.code, left: left.accounts }, 'job.failed_over');
  }
  return requeue(deps, job, 0, job.stage, 0, error);
}

async function requeue(
  deps: WorkerDeps,
  job: Job & Forward,
  forMs: number,
  stage: Stage,
  tries: number,
  error: ErrorBody | null,
): Promise<void> {
  // Routed anew: the accounts may be others than when the job came in, and some may have refused it.
  const routing = routeOn([...deps.accounts.values()], job, deps.prefer);
  if (!('accounts' in routing)) return settle(deps, job, failed(job, routing));
  const { inputs, mask } = job;
  const run = await deps.ledger.requeue(job, {
    delayMs: forMs,
    stage,
    routing,
    inputs,
    mask,
    tries,
    error,
  });
  if (run === 'cancelled') return settle(deps, job, cancelled(job));
  if (run === 'fenced' || forMs > 0) return;
  const entry = { j: job.id, g: job.generation, r: run };
  const queue = stage === 'prepare' ? prepareQueue : readyQueue(routing.id);
  await deps.queues.add(queue, [{ id: jobEntryId(entry), data: entry, priority: queuePriority[job.priority] }]);
  await deps.feed.entriesAdded([{ id: job.id, run }]);
  await deps.signals.wake(routing.id);
}
