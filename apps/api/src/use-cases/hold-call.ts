import type { HoldEnd, Repeat } from '@rendermill/shared/adapters/redis/job-store';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { isTerminal, type Job } from '@rendermill/shared/domain/job';
import { effectiveOf, isRendered, usageOf } from '@rendermill/shared/domain/job-results';
import type { ApiDeps } from '../deps.js';
import { whyWaiting } from './why-waiting.js';

/**
 * Holds a synchronous call until its job's pictures are in the bucket or it has ended otherwise; the job may still be
 * busy with its record then, for which nobody need wait. What ends otherwise (too long, the client is gone, this process
 * stops, Redis is away) leaves the job to be claimed by the next identical request, so that an SDK's retry buys
 * nothing twice.
 */
export async function holdCall(
  deps: ApiDeps,
  project: string,
  id: string,
  repeat: Repeat,
  gone: AbortSignal,
  waitMs: number,
): Promise<Job> {
  const signal = AbortSignal.any([gone, deps.stopping]);
  const { heldCalls, heldCallsEnded } = deps.metrics;
  let how = 'broken';
  heldCalls.inc();
  try {
    const job = await deps.waiter.until(project, id, waitMs, signal, isRendered);
    if (!job) throw new RendermillError('not_found', `The job ${id} is gone.`);
    how = isRendered(job) ? 'rendered' : isTerminal(job.status) ? 'failed' : 'waiting';
    if (isRendered(job)) return { ...job, usage: usageOf(job), effective: effectiveOf(job) };
    if (isTerminal(job.status)) return job;
    const why = await whyWaiting(deps, job);
    throw new RendermillError(
      'job_in_progress',
      `The job ${id} is ${why ? `waiting: ${why}` : 'still being rendered'}. Send the same request again to wait for it.`,
      { retryAfterMs: 1_000 },
    );
  } catch (error) {
    await deps.holds.release(repeat, 'vanished');
    throw error;
  } finally {
    heldCalls.dec();
    heldCallsEnded.inc({ how });
  }
}

/** What the client may get by asking again stays claimable, and so does a failure whose status clients repeat. */
export function howFailed(error: unknown): HoldEnd {
  if (!(error instanceof RendermillError) || error.retry) return 'vanished';
  return error.status === 409 || error.status >= 500 ? 'failed' : 'answered';
}

/** The error that a job ended with, as the error of the call that waited for it. */
export function failureOf(job: Job): RendermillError {
  const error = job.error;
  if (!error)
    return new RendermillError('internal_error', `The job ${job.id} ended as ${job.status} without a reason.`);
  return new RendermillError(error.code, error.message, { param: error.param });
}
