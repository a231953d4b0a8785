import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from './route.js';
import { receiveJson, type ReceivedBody } from './receive-body.js';
import { isForm, receiveForm } from './receive-form.js';

/** Reads a request's body, JSON or (unless only JSON is taken) a form, and keeps its files for as long as `use` runs. */
export async function withBody<T>(
  context: Context,
  use: (body: ReceivedBody) => Promise<T>,
  takes: 'any' | 'json' = 'any',
): Promise<T> {
  // A name of our own: request ids come from clients, and this folder is removed with all that is in it.
  const folder = await mkdtemp(join(context.deps.uploadDir, 'body-'));
  try {
    return await use(await receive(context, folder, takes));
  } finally {
    await remove(context, folder);
  }
}

/** The request may have become a job by now: what is left on the disk is no reason to send its client away. */
async function remove({ deps }: Context, folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    deps.log.warn({ error, folder }, 'upload.not_removed');
  }
}

async function receive(context: Context, folder: string, takes: 'any' | 'json'): Promise<ReceivedBody> {
  const { request, response } = context;
  try {
    if (takes === 'any' && isForm(request)) return await receiveForm(request, folder);
    return await receiveJson(request, folder);
  } catch (error) {
    // What is still coming is let pass unread, so that the client gets to read its answer; the connection is not
    // used again, since nobody knows how much that is.
    request.unpipe();
    request.resume();
    response.set('connection', 'close');
    throw error;
  }
}
