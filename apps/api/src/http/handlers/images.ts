import type { Repeat } from '@rendermill/shared/adapters/redis/job-store';
import type { Job } from '@rendermill/shared/domain/job';
import { isRendered } from '@rendermill/shared/domain/job-results';
import type { Operation } from '@rendermill/shared/domain/job-request';
import { generationSchema, parseBody, variationSchema, type JobBody } from '@rendermill/shared/domain/request-body';
import type { z } from 'zod';
import { committedJob } from '../../use-cases/committed-job.js';
import { failureOf, holdCall, howFailed } from '../../use-cases/hold-call.js';
import { submitJob, type Committed } from '../../use-cases/submit-job.js';
import { sendImages } from '../images-response.js';
import { streamImages } from '../images-stream.js';
import { linker } from '../links.js';
import { preference } from '../prefer.js';
import { orderImages } from '../quotas.js';
import { repeatOf } from '../repeat.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, imagesResponse, jobObject } from '../schemas.js';
import { withBody } from '../with-body.js';
import { present } from './jobs.js';

/** OpenAI's own image routes: a job is submitted, and the call held until it has ended. */

type Parameters = z.output<typeof variationSchema>;

interface Accepted extends Committed {
  readonly type: Operation;
  readonly parameters: Parameters;
  readonly repeat: Repeat;
}

async function serve(
  context: Context,
  schema: typeof generationSchema | typeof variationSchema,
  operation: Operation,
): Promise<void> {
  const { deps, caller, response } = context;
  const { waitMs, respondAsync } = preference(context.request);
  const accepted = await accept(context, schema, operation, !respondAsync);
  response.set('x-rendermill-job', accepted.id);
  if (respondAsync) {
    const job = await committedJob(deps, caller.project, accepted, 0, context.gone);
    response.set('preference-applied', 'respond-async');
    sendJson(response, 202, present(context, job));
    return;
  }
  if (accepted.parameters.stream) return streamImages(context, accepted);
  const limit = deps.settings.syncWaitMs;
  const job = await holdCall(
    deps,
    caller.project,
    accepted.id,
    accepted.repeat,
    context.gone,
    Math.min(limit, waitMs ?? limit),
  );
  await answer(context, job, accepted);
}

async function accept(
  context: Context,
  schema: typeof generationSchema | typeof variationSchema,
  operation: Operation,
  held: boolean,
): Promise<Accepted> {
  const { deps, caller, request, requestId } = context;
  return withBody(context, async (body) => {
    const parameters: Parameters = parseBody(schema, body.value);
    const { stream, partial_images, response_format: _format, ...rest } = parameters;
    const hasImages = (rest.image ?? rest.images) != null;
    // A body with images is an edit wherever it arrives: relays drop them silently, and bill.
    const job: JobBody = { ...rest, type: operation === 'generation' && hasImages ? 'edit' : operation };
    const repeat = repeatOf(deps, caller, request, body.fingerprint, held);
    const previews = stream ? (partial_images ?? 0) : 0;
    const submission = { caller, requestId, body, job, previews, repeat };
    const committed = await orderImages(context, async () => submitJob(deps, submission));
    return { ...committed, type: job.type, parameters, repeat };
  });
}

async function answer(context: Context, job: Job, { parameters, repeat }: Accepted): Promise<void> {
  const { deps, response } = context;
  try {
    if (!isRendered(job)) throw failureOf(job);
    const format = parameters.response_format ?? null;
    await sendImages(
      deps,
      response,
      job,
      { b64: format !== 'url', url: format !== 'b64_json' },
      linker(deps.settings, job),
    );
  } catch (error) {
    await deps.holds.release(repeat, howFailed(error));
    throw error;
  }
  await deps.holds.release(repeat, response.writableFinished || !context.gone.aborted ? 'answered' : 'vanished');
}

const tag = "OpenAI's routes";
const answers = {
  200: {
    description: 'The images, or their events where stream is true.',
    schema: imagesResponse,
    orTypes: ['text/event-stream'],
  },
  202: { description: 'The job, where Prefer: respond-async was sent.', schema: jobObject },
  404: { description: 'There is no such model.', schema: errorSchema },
  503: { description: 'Not done yet: the same request again waits on, and buys nothing twice.', schema: errorSchema },
} as const;

export const imageRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/images/generations',
    operationId: 'createImage',
    access: 'jobs:write',
    summary: 'Create images from a prompt. A body with image or images is an edit.',
    tag,
    body: generationSchema,
    form: generationSchema,
    answers,
    handle: async (context) => serve(context, generationSchema, 'generation'),
  },
  {
    method: 'post',
    path: '/v1/images/edits',
    operationId: 'createImageEdit',
    access: 'jobs:write',
    summary: 'Edit images, as a form or as JSON.',
    tag,
    body: generationSchema,
    form: generationSchema,
    answers,
    handle: async (context) => serve(context, generationSchema, 'edit'),
  },
  {
    method: 'post',
    path: '/v1/images/variations',
    operationId: 'createImageVariation',
    access: 'jobs:write',
    summary: 'Vary an image.',
    tag,
    body: variationSchema,
    form: variationSchema,
    answers,
    handle: async (context) => serve(context, variationSchema, 'variation'),
  },
];
