import type { OpenAttempt } from '@rendermill/shared/adapters/spool/journal';
import type { Attempt, Checkpoint } from '@rendermill/shared/domain/attempts';
import { missingIndexes, type Job } from '@rendermill/shared/domain/job';
import { plannedCalls } from '@rendermill/shared/domain/routing';
import { givenUp } from '../use-cases/give-up-attempts.js';
import { imagesPerCall } from '../use-cases/images-per-call.js';
import type { RecoveryDeps } from './deps.js';
import type { FoundImage } from './found-images.js';

const redisLost = 'Redis was lost while the answer was awaited.';

/**
 * The attempts of a job, as journals and stored pictures tell of them: what was in flight may have been made and billed. The
 * journals know more; a picture alone says that it was paid, by which attempt and for how much.
 */
export function knownAttempts(
  deps: Pick<RecoveryDeps, 'accounts'>,
  job: Job,
  open: readonly OpenAttempt[],
  images: readonly FoundImage[],
): Attempt[] {
  const attempts = new Map<number, Attempt>();
  for (const { intent, settled } of open) {
    const settlement = settled?.settlement ?? givenUp(deps, job, intent.intent, redisLost);
    attempts.set(intent.number, { ...intent.intent, number: intent.number, settlement });
  }
  const calls = plannedCalls(job.request.n, imagesPerCall(deps, job));
  for (const { image, made } of images) {
    const known = attempts.get(made.number);
    const told = known?.settlement?.outcome;
    if (told === 'billed') continue;
    const call = calls.findIndex((indexes) => indexes.includes(image.index));
    attempts.set(made.number, paidFor(job, known, made, Math.max(0, call), image.index));
  }
  return [...attempts.values()].sort((a, b) => a.number - b.number);
}

function paidFor(job: Job, known: Attempt | undefined, made: FoundImage['made'], call: number, index: number): Attempt {
  const { number, generation, provider, model, requestId, cost } = made;
  const unsaid = { worker: '', fence: 0, started_at: job.created_at, timeout_ms: 0, ignored_parameters: [] };
  return {
    ...unsaid,
    job: job.id,
    call,
    indexes: [index],
    ...known,
    number,
    generation,
    provider,
    model,
    settlement: {
      outcome: 'billed',
      ended_at: known?.started_at ?? job.created_at,
      http_status: null,
      request_id: requestId,
      error: null,
      cost,
      cost_basis: null,
      usage: null,
      effective: {},
    },
  };
}

/** Paid pictures of a job that are not stored: in a spool, or still to be copied from their links. */
export function openCheckpoints(
  job: Pick<Job, 'request' | 'images'>,
  open: readonly OpenAttempt[],
): Map<number, Checkpoint> {
  const missing = new Set(missingIndexes(job));
  const found = new Map<number, Checkpoint>();
  for (const { intent, settled } of open) {
    if (!settled?.checkpoint) continue;
    const { worker, spooled, urls } = settled.checkpoint;
    const left = {
      worker,
      spooled: spooled.filter(({ index }) => missing.has(index)),
      urls: urls.filter(({ index }) => missing.has(index)),
    };
    if (left.spooled.length + left.urls.length > 0) found.set(intent.number, left);
  }
  return found;
}
