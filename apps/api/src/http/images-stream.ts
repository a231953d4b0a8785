import type { Repeat } from '@rendermill/shared/adapters/redis/job-store';
import { errorBody } from '@rendermill/shared/domain/errors';
import type { Job, StoredImage } from '@rendermill/shared/domain/job';
import { isRendered } from '@rendermill/shared/domain/job-results';
import type { Operation } from '@rendermill/shared/domain/job-request';
import { failureOf, holdCall, howFailed } from '../use-cases/hold-call.js';
import { toClientError } from './errors.js';
import { effectiveParameters, open, write, writeBase64 } from './images-response.js';
import type { Context } from './route.js';

/**
 * `stream: true`: OpenAI's server-sent events. Comments keep the connection alive meanwhile, so that a render of
 * minutes survives proxies; the pictures come as `completed` events when the job has ended.
 */
const beatEveryMs = 10_000;

export async function streamImages(context: Context, id: string, repeat: Repeat, operation: Operation): Promise<void> {
  const { deps, caller, response, gone } = context;
  response
    .status(200)
    .set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  response.flushHeaders();
  const beat = setInterval(() => response.write(': keep-alive\n\n'), beatEveryMs);
  try {
    // A stream may be held for as long as it takes: signs of life keep clients from giving up.
    const job = await holdCall(deps, caller.project, id, repeat, gone, 24 * 3_600_000);
    clearInterval(beat);
    if (!isRendered(job)) throw failureOf(job);
    const type =
      operation === 'generation' && job.type === 'generation' ? 'image_generation.completed' : 'image_edit.completed';
    for (const image of job.images) await writeEvent(context, type, job, image);
    response.end();
    await deps.holds.release(repeat, gone.aborted ? 'vanished' : 'answered');
  } catch (error) {
    clearInterval(beat);
    const left = gone.aborted || response.destroyed;
    await deps.holds.release(repeat, left ? 'vanished' : howFailed(error));
    if (left) return;
    await write(response, `event: error\ndata: ${JSON.stringify({ error: errorBody(toClientError(error)) })}\n\n`);
    response.end();
  }
}

async function writeEvent(context: Context, type: string, job: Job, image: StoredImage): Promise<void> {
  const { response, deps } = context;
  const { body } = await open(deps, image);
  await write(response, `event: ${type}\ndata: {"type":"${type}","b64_json":"`);
  await writeBase64(response, body);
  const rest = {
    created_at: Math.floor((job.completed_at ?? Date.now()) / 1_000),
    ...effectiveParameters(job),
    ...(job.usage ? { usage: job.usage } : {}),
  };
  await write(response, `",${JSON.stringify(rest).slice(1)}\n\n`);
}
