import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RendermillError, type ErrorCode } from '@rendermill/shared/domain/errors';
import { expectedCost } from '@rendermill/shared/domain/estimates';
import { lineJobId } from '@rendermill/shared/domain/batch';
import { isId } from '@rendermill/shared/domain/ids';
import { isTerminal, jobStatuses, missingIndexes, type Job, type JobStatus } from '@rendermill/shared/domain/job';
import { isRendered } from '@rendermill/shared/domain/job-results';
import { presentJob } from '@rendermill/shared/domain/present-job';
import { jobSchema, parseBody } from '@rendermill/shared/domain/request-body';
import { route as routeJob } from '@rendermill/shared/domain/routing-class';
import { jobEntryId, readyQueue } from '@rendermill/shared/queues/entries';
import { queuePriority } from '@rendermill/shared/adapters/redis/job-store';
import { committedJob } from '../../use-cases/committed-job.js';
import { findJob, type FoundJob } from '../../use-cases/find-job.js';
import { statusOf } from '../../use-cases/list-lines.js';
import type { LineView } from '../../use-cases/read-lines.js';
import { limitOf, overLimit } from '../../use-cases/reserve-spend.js';
import { submitJob } from '../../use-cases/submit-job.js';
import { jobLinks } from '../links.js';
import { page, pageQuery, wholeNumber } from '../list-query.js';
import { requireOwnMode, requireOwnOrder } from '../own-order.js';
import { presentLine } from '../present-line.js';
import { preference } from '../prefer.js';
import { orderImages } from '../quotas.js';
import { repeatOf } from '../repeat.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, jobObject, listOf } from '../schemas.js';
import { withBody } from '../with-body.js';
import { sendLines } from './batch-jobs.js';

/** `/v1/jobs`: one image job at a time. */

export function present(context: Context, job: Job) {
  return presentJob(job, jobLinks(context.deps.settings, job));
}

function noSuchJob(): never {
  throw new RendermillError('not_found', 'There is no job with this id.', { param: 'id' });
}

/** The job of the path, or 404: the same answer for another project's job as for none. */
export async function find({ deps, caller, params }: Context): Promise<FoundJob> {
  return (await findJob(deps, caller.project, params['id'] ?? '')) ?? noSuchJob();
}

export function presentFound(context: Context, found: FoundJob) {
  if ('job' in found) return present(context, found.job);
  return presentLine(context.deps.settings, found.batch, found.view);
}

/** The same where it must be in the ledger; `why` says what to do where it is a batch's line that is not. */
async function requireJob(context: Context, code: ErrorCode = 'not_found', why?: string): Promise<Job> {
  const found = await find(context);
  if ('job' in found) return found.job;
  throw new RendermillError(code, why ?? 'This line of a batch is no job at the moment.', { param: 'id' });
}

async function create(context: Context): Promise<void> {
  const { deps, caller, request, response, requestId } = context;
  const committed = await withBody(context, async (body) => {
    const job = parseBody(jobSchema, body.value);
    const repeat = repeatOf(deps, caller, request, body.fingerprint, false);
    return orderImages(context, async () => submitJob(deps, { caller, requestId, body, job, repeat }));
  });
  const { id } = committed;
  response.set({ 'x-rendermill-job': id, location: `/v1/jobs/${id}` });
  const { waitMs } = preference(request);
  const job = await committedJob(deps, caller.project, committed, waitMs ?? 0, context.gone);
  if (waitMs !== null) response.set('preference-applied', `wait=${waitMs / 1_000}`);
  sendJson(response, waitMs !== null && isTerminal(job.status) ? 200 : 202, present(context, job));
}

const listQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(jobStatuses).optional(),
  batch_id: z.string().max(64).optional(),
  custom_id: z.string().max(512).optional(),
  model: z.string().max(128).optional(),
  created_after: wholeNumber(0, 4_102_444_800).optional().describe('Unix seconds, inclusive.'),
  created_before: wholeNumber(0, 4_102_444_800).optional().describe('Unix seconds, inclusive.'),
});

async function list(context: Context): Promise<void> {
  const filter = context.query as z.output<typeof listQuery>;
  if (filter.batch_id !== undefined) {
    await listOfBatch(context, filter.batch_id, filter);
    return;
  }
  const found = await context.deps.lists.list(context.caller.project, filter);
  if (!found) {
    const message = `after: there is no job '${filter.after}' in this list any more; begin at the first page`;
    throw new RendermillError('invalid_parameter', message, { param: 'after' });
  }
  const rows = found.jobs.map((job) => present(context, job));
  sendJson(context.response, 200, page(rows, found.more, found.last));
}

/** The jobs of a batch stand in the order of their lines. */
async function listOfBatch(context: Context, id: string, filter: z.output<typeof listQuery>): Promise<void> {
  const { deps, caller } = context;
  const { custom_id, model, created_after = 0, created_before = Infinity } = filter;
  const batch = isId('batch', id) ? await deps.batches.get(caller.project, id) : null;
  if (!batch) {
    const message = `batch_id: there is no batch '${id}'`;
    throw new RendermillError('invalid_parameter', message, { param: 'batch_id' });
  }
  const fits = (view: LineView): boolean => {
    const row = presentLine(deps.settings, batch, view);
    return (
      (custom_id === undefined || row.custom_id === custom_id) &&
      (model === undefined || row.model === model) &&
      Number(row.created_at) >= created_after &&
      Number(row.created_at) <= created_before
    );
  };
  const { after, limit, order, status } = filter;
  await sendLines(context, batch, { after, limit, order, status, fits });
}

/** How long a job whose pictures are all stored may take to end, before it is shown as it stands. */
const settlingMs = 1_000;

const getQuery = z.strictObject({
  wait: wholeNumber(0, 60).optional().describe('Seconds to wait for the end, at most 60.'),
});

async function get(context: Context): Promise<void> {
  const { wait } = context.query as z.output<typeof getQuery>;
  let found = await find(context);
  // A held call is answered before its job's record is written: who asks right after it should find the job ended.
  const settling = 'job' in found && isRendered(found.job) ? settlingMs : 0;
  found = await ended(context, found, wait === undefined ? settling : wait * 1_000);
  const { settings } = context.deps;
  const etag = entityTag(found, settings.urlTtlSeconds);
  context.response.set('etag', etag);
  if (context.request.headers['if-none-match'] === etag) {
    context.response.status(304).end();
    return;
  }
  sendJson(context.response, 200, presentFound(context, found));
}

/** What was found, once it has ended or `ms` have passed. A line of a batch comes into the ledger and leaves it meanwhile. */
async function ended(context: Context, first: FoundJob, ms: number): Promise<FoundJob> {
  const { deps, caller, gone } = context;
  const signal = AbortSignal.any([gone, deps.stopping]);
  const deadline = Date.now() + ms;
  let found = first;
  for (let left = ms; left > 0 && !signal.aborted; left = deadline - Date.now()) {
    if (isTerminal(statusOfFound(found))) break;
    if ('job' in found) {
      const job = await deps.waiter.until(caller.project, found.job.id, left, signal);
      found = job ? { job } : await find(context);
    } else {
      await deps.waiter.news(lineJobId(found.batch.id, found.view.line), left, signal);
      found = await find(context);
    }
  }
  return found;
}

export function statusOfFound(found: FoundJob): JobStatus {
  return 'job' in found ? found.job.status : statusOf(found.view);
}

/** Weak: the same state may carry fresher links. It changes in time for them to be renewed. */
function entityTag(found: FoundJob, ttlSeconds: number): string {
  const renewal = Math.floor(Date.now() / 1_000 / (ttlSeconds / 2));
  const state = 'job' in found ? `${found.job.id}|${found.job.version}` : JSON.stringify(found.view);
  return `W/"${createHash('sha256').update(`${state}|${renewal}`).digest('base64url').slice(0, 20)}"`;
}

async function cancel(context: Context): Promise<void> {
  const aside =
    'A line of a batch can be cancelled while it is a job: cancel the batch (POST /v1/batches/{id}/cancel).';
  const job = await requireJob(context, 'job_not_cancellable', aside);
  requireOwnMode(context.caller, job);
  const how = await context.deps.jobs.cancel(job);
  if (how === 'terminal') {
    // A repeat of a cancel that won says the same again.
    if (job.status === 'cancelled' && context.request.headers['idempotency-key'] !== undefined) {
      sendJson(context.response, 200, present(context, job));
      return;
    }
    throw new RendermillError(
      'job_not_cancellable',
      `The job has ended already: it is ${statusOfFound(await find(context))}.`,
    );
  }
  sendJson(context.response, how === 'requested' ? 202 : 200, presentFound(context, await find(context)));
}

async function retry(context: Context): Promise<void> {
  const { deps, caller, request, response } = context;
  const byBatch = 'A line of a batch is run again by its batch: POST /v1/batches/{id}/retry.';
  const job = await requireJob(context, 'job_not_retryable', byBatch);
  requireOwnOrder(caller, job);
  if (job.line) throw new RendermillError('job_not_retryable', byBatch, { param: 'id' });
  if (job.probe)
    throw new RendermillError(
      'job_not_retryable',
      `This is a call of a probe: POST /v1/providers/${job.provider}/probe.`,
    );
  const repeat = repeatOf(deps, caller, request, job.id, false);
  const { eligible, routing } = routeJob(deps.accounts, job, deps.prefer);
  const fetched = [...job.inputs, job.mask].every((input) => input === null || input.width !== null);
  // A repeat is answered whatever has become of the prices.
  const limit = (await deps.jobs.repeated(repeat)) ? null : limitOf(caller);
  const by = { ...caller, cost: expectedCost(eligible, job, limit) };
  const how = await orderImages(context, async () => {
    const retried = await deps.jobs.retry(job, routing, fetched ? 'ready' : 'prepare', repeat, by);
    if (typeof retried === 'object') throw overLimit(caller, retried);
    return retried;
  });
  if (how === 'conflict')
    throw new RendermillError('idempotency_key_reused', 'This Idempotency-Key was used with another request.');
  if (how === 'refused') throw notRetryable(job);
  const again = await requireJob(context);
  if (how === 'retried' && fetched) await addEntry(context, again, routing.id);
  sendJson(response, 202, present(context, again));
}

function notRetryable(job: Job): RendermillError {
  const why =
    missingIndexes(job).length === 0
      ? 'The job has all its images.'
      : `Only a job that has ended can be retried: it is ${job.status}.`;
  return new RendermillError('job_not_retryable', why);
}

/** Its place in the list of the due is taken already: the feeder adds what this does not. */
async function addEntry({ deps }: Context, job: Job, classId: string): Promise<void> {
  const entry = { j: job.id, g: job.generation, r: job.run };
  try {
    await deps.queues.add(readyQueue(classId), [
      { id: jobEntryId(entry), data: entry, priority: queuePriority[job.priority] },
    ]);
    await Promise.all([deps.feed.entriesAdded([{ id: job.id, run: job.run }]), deps.signals.wake(classId)]);
  } catch (error) {
    deps.log.warn({ error, job: job.id }, 'entry.not_added');
  }
}

const tag = 'Jobs';
const notFound = { description: 'There is no such job.', schema: errorSchema };

export const jobRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/jobs',
    operationId: 'createJob',
    access: 'jobs:write',
    summary: 'Submit one image job; with Prefer: wait=N, wait for it.',
    tag,
    body: jobSchema,
    form: jobSchema,
    answers: {
      200: { description: 'The job, ended within the wait asked for.', schema: jobObject },
      202: { description: 'The job, accepted.', schema: jobObject },
      404: { description: 'There is no such model.', schema: errorSchema },
    },
    handle: create,
  },
  {
    method: 'get',
    path: '/v1/jobs',
    operationId: 'listJobs',
    access: 'jobs:read',
    summary: 'List jobs.',
    tag,
    query: listQuery,
    answers: { 200: { description: 'One page.', schema: listOf(jobObject) } },
    handle: list,
  },
  {
    method: 'get',
    path: '/v1/jobs/{id}',
    operationId: 'getJob',
    access: 'jobs:read',
    summary: 'Retrieve a job; with ?wait=N, once it has ended or N seconds have passed.',
    tag,
    query: getQuery,
    answers: {
      200: { description: 'The job.', schema: jobObject },
      304: { description: 'Unchanged since the ETag in If-None-Match.' },
      404: notFound,
    },
    handle: get,
  },
  {
    method: 'post',
    path: '/v1/jobs/{id}/cancel',
    operationId: 'cancelJob',
    access: 'jobs:write',
    summary: 'Cancel a job. One in flight ends after the call it pays for; what was paid is kept.',
    tag,
    answers: {
      200: { description: 'Cancelled.', schema: jobObject },
      202: { description: 'Asked to end.', schema: jobObject },
      404: notFound,
      409: { description: 'It has ended already.', schema: errorSchema },
    },
    handle: cancel,
  },
  {
    method: 'post',
    path: '/v1/jobs/{id}/retry',
    operationId: 'retryJob',
    access: 'jobs:write',
    summary: 'Run a failed, cancelled or expired job again for its missing images.',
    tag,
    answers: {
      202: { description: 'Queued again, as a new generation.', schema: jobObject },
      404: notFound,
      409: { description: 'Nothing to retry.', schema: errorSchema },
    },
    handle: retry,
  },
];
