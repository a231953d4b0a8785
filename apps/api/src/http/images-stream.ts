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
 * minutes survives proxies; previews pass by as the provider sends them, the pictures come as `completed` events when
 * they are stored.
 */
const beatEveryMs = 10_000;

interface Streamed {
  readonly id: string;
  readonly type: Operation;
  readonly repeat: Repeat;
  readonly parameters: { readonly partial_images?: number | null | undefined };
}

export async function streamImages(context: Context, accepted: Streamed): Promise<void> {
  const { deps, caller, response, gone } = context;
  const { id, repeat, parameters } = accepted;
  const kind = accepted.type === 'generation' ? 'image_generation' : 'image_edit';
  response
    .status(200)
    .set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  response.flushHeaders();
  const beat = setInterval(() => response.write(': keep-alive\n\n'), beatEveryMs);
  let hush: () => Promise<void> = async () => undefined;
  try {
    if (parameters.partial_images) hush = await passOnPreviews(context, id, kind);
    // A stream may be held for as long as it takes: signs of life keep clients from giving up.
    const job = await holdCall(deps, caller.project, id, repeat, gone, 24 * 3_600_000);
    clearInterval(beat);
    await hush();
    if (!isRendered(job)) throw failureOf(job);
    for (const image of job.images) await writeEvent(context, `${kind}.completed`, job, image);
    response.end();
    await deps.holds.release(repeat, gone.aborted ? 'vanished' : 'answered');
  } catch (error) {
    clearInterval(beat);
    await hush();
    const left = gone.aborted || response.destroyed;
    await deps.holds.release(repeat, left ? 'vanished' : howFailed(error));
    if (left) return;
    await write(response, `event: error\ndata: ${JSON.stringify({ error: errorBody(toClientError(error)) })}\n\n`);
    response.end();
  }
}

/**
 * Passes a job's previews on until the answered function is called. They are a courtesy: what goes wrong with them is
 * told, and ends no stream.
 */
async function passOnPreviews({ deps, response }: Context, id: string, kind: string): Promise<() => Promise<void>> {
  const type = `${kind}.partial_image`;
  const passOn = (facts: Record<string, unknown>): void => {
    // One that a slow reader has no room for is left out.
    if (response.writableNeedDrain || response.destroyed) return;
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`);
  };
  const told = (error: unknown): void => deps.log.warn({ error, job: id }, 'stream.without_previews');
  try {
    const stop = await deps.signals.previews(id, passOn);
    return async () => stop().catch(told);
  } catch (error) {
    told(error);
    return async () => undefined;
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
