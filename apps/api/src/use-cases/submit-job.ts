import { sha256, newId } from '@rendermill/shared/domain/ids';
import {
  isOverLimit,
  queuePriority,
  type NewJob,
  type OverLimit,
  type Repeat,
  type Submitted,
} from '@rendermill/shared/adapters/redis/job-store';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { expectedCost } from '@rendermill/shared/domain/estimates';
import type { Job, JobSpec } from '@rendermill/shared/domain/job';
import type { JobInput, JobRequest, Operation } from '@rendermill/shared/domain/job-request';
import { queuedJob } from '@rendermill/shared/domain/queued-job';
import type { JobBody } from '@rendermill/shared/domain/request-body';
import { route } from '@rendermill/shared/domain/routing-class';
import { inSpan, sendAttributes, spanKind, traceField } from '@rendermill/shared/observability/tracing';
import { jobEntryId, prepareQueue, readyQueue } from '@rendermill/shared/queues/entries';
import type { ApiDeps, Caller } from '../deps.js';
import type { ReceivedBody } from '../http/receive-body.js';
import { ingestInputs, storeInputs, type IngestedInputs } from './ingest-inputs.js';
import { planCallersJob } from './plan-job.js';
import { requireFit } from './image-limits.js';
import { limitOf, overLimit } from './reserve-spend.js';

export interface Submission {
  readonly caller: Caller;
  readonly requestId: string;
  readonly body: ReceivedBody;
  readonly job: JobBody;
  /** Partial images that a streaming caller wants. */
  readonly previews?: number;
  readonly repeat: Repeat;
}

/** What a request has become. */
export interface Committed {
  readonly id: string;
  /** The job as it was just written; null where the request repeats another. */
  readonly written: Job | null;
}

/**
 * Takes a job: parameters against the model, inputs in full, then inputs into the store, then the job, its place in
 * the lists and the recognition of repeats in one script, then the queue entry that follows from it.
 */
export async function submitJob(deps: ApiDeps, submission: Submission): Promise<Committed> {
  const { caller, job, repeat } = submission;
  await deps.holds.settle(repeat.claim);
  // A repeat needs no input again: a file that it names may be gone by now.
  const known = await deps.jobs.repeated(repeat);
  if (known) return repeated(known);
  const { request, images, model, webhookUrl } = await planCallersJob(deps, caller, job, submission.previews);
  requireFit(caller, request.n);
  const ingested = await ingestInputs(
    deps,
    caller.project,
    submission.body,
    images,
    job.mask ?? null,
    request.mask_from,
  );

  const place = { id: newId('job'), project: caller.project, created_at: Date.now() };
  const { inputs, mask } = await storeInputs(deps, place, ingested);
  const routed = { model, type: job.type, mode: caller.mode, provider: job.provider ?? null, request, inputs, mask };
  const { eligible, routing } = route(deps.accounts, routed, deps.prefer);
  const estimate = expectedCost(eligible, routed, limitOf(caller));
  const spec: JobSpec = {
    ...place,
    key_id: caller.keyId,
    mode: caller.mode,
    type: job.type,
    model,
    batch_id: null,
    custom_id: job.custom_id ?? null,
    metadata: job.metadata ?? {},
    // A single job is what somebody waits for; batches go below it.
    priority: job.priority ?? 'normal',
    provider: job.provider ?? null,
    request,
    request_hash: requestHash(job.type, model, request, ingested),
    webhook_url: webhookUrl,
    on_unknown_outcome: job.on_unknown_outcome ?? 'retry',
    deadline: job.deadline ?? null,
    estimate,
    request_id: submission.requestId,
  };
  const { stage } = ingested;
  const submitted = await send(deps, { spec, routing, stage, inputs, mask }, repeat, caller);
  if (submitted.how === 'created')
    return { id: submitted.id, written: queuedJob(spec, { class_id: routing.id, stage, inputs, mask }) };
  await dropInputs(deps, [...inputs, mask]);
  if (isOverLimit(submitted)) throw overLimit(caller, submitted);
  return repeated(submitted);
}

function repeated({ how, id }: Submitted): Committed {
  if (how === 'conflict')
    throw new RendermillError('idempotency_key_reused', 'This Idempotency-Key was used with another request.');
  return { id, written: null };
}

/** Writes the job and adds its queue entry. The work that follows belongs to this span, whatever happens on the way. */
async function send(deps: ApiDeps, job: NewJob, repeat: Repeat, caller: Caller): Promise<Submitted | OverLimit> {
  const { spec, stage, routing } = job;
  const queue = stage === 'prepare' ? prepareQueue : readyQueue(routing.id);
  const attributes = { ...sendAttributes(queue), 'rendermill.job.id': spec.id, 'rendermill.project': spec.project };
  return inSpan('job send', { kind: spanKind.producer, attributes }, async () => {
    const submitted = await write(deps, { ...job, spec: { ...spec, ...traceField() } }, repeat, caller);
    if (submitted.how === 'created') await enqueue(deps, spec, queue, routing.id);
    return submitted;
  });
}

/** One that got no answer may have been written all the same: its inputs stay, and the client's next try may claim it. */
async function write(deps: ApiDeps, job: NewJob, repeat: Repeat, caller: Caller): Promise<Submitted | OverLimit> {
  try {
    return await deps.jobs.submit(job, repeat, caller);
  } catch (error) {
    await deps.holds.release(repeat, 'vanished');
    throw error;
  }
}

/** Inputs that a repeat brought again. What the store will not delete now costs room, and not the request. */
async function dropInputs(deps: ApiDeps, inputs: readonly (JobInput | null)[]): Promise<void> {
  for (const input of inputs) {
    if (!input?.key) continue;
    try {
      await deps.storage.delete(input.key);
    } catch (error) {
      deps.log.warn({ error, key: input.key }, 'input.not_deleted');
    }
  }
}

/** The job is safe already: should this fail, the feeder adds the entry in a moment. */
async function enqueue(deps: ApiDeps, spec: JobSpec, queue: string, classId: string): Promise<void> {
  const entry = { j: spec.id, g: 1, r: 1 };
  try {
    await deps.queues.add(queue, [{ id: jobEntryId(entry), data: entry, priority: queuePriority[spec.priority] }]);
    await Promise.all([deps.signals.wake(classId), deps.feed.entriesAdded([{ id: spec.id, run: 1 }])]);
  } catch (error) {
    deps.log.warn({ error, job: spec.id }, 'entry.not_added');
  }
}

/** What is bought, as one number: two jobs with the same hash ask for the same pictures. */
function requestHash(type: Operation, model: string, request: JobRequest, inputs: IngestedInputs): string {
  const identity = (input: IngestedInputs['images'][number]): string =>
    'url' in input ? input.url : (input.facts.sha256 ?? '');
  return sha256(
    JSON.stringify([type, model, request, inputs.images.map(identity), inputs.mask && identity(inputs.mask)]),
  );
}
