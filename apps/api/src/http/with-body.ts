import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { clientError } from './client-error.js';
import type { Context } from './route.js';
import { isForm } from './read-form.js';
import { receiveJson, type JsonKind, type ReceivedBody } from './receive-body.js';
import { receiveForm } from './receive-form.js';

/** How long images may take to arrive; the server's own limit is for the largest file. */
const imagesMs = 300_000;

/** Reads a request's body, JSON or (where the route takes one) a form, and keeps its files for as long as `use` runs. */
export async function withBody<T>(
  context: Context,
  use: (body: ReceivedBody) => Promise<T>,
  kind: JsonKind = 'one',
): Promise<T> {
  const receive = async (request: IncomingMessage, folder: string): Promise<ReceivedBody> => {
    const late = setTimeout(() => tooLate(request), imagesMs);
    try {
      const isTaken = context.route.form !== undefined && isForm(request);
      return isTaken ? await receiveForm(request, folder) : await receiveJson(request, folder, kind);
    } finally {
      clearTimeout(late);
    }
  };
  return withFolder(context, receive, use);
}

/** Receives a request into a folder of its own, and keeps that for as long as `use` runs. */
export async function withFolder<R, T>(
  context: Context,
  receive: (request: IncomingMessage, folder: string) => Promise<R>,
  use: (received: R) => Promise<T>,
): Promise<T> {
  const { uploadsInProgress } = context.deps.metrics;
  uploadsInProgress.inc();
  try {
    return await inFolder(context, receive, use);
  } finally {
    uploadsInProgress.dec();
  }
}

async function inFolder<R, T>(
  context: Context,
  receive: (request: IncomingMessage, folder: string) => Promise<R>,
  use: (received: R) => Promise<T>,
): Promise<T> {
  // A name of our own: request ids come from clients, and this folder is removed with all that is in it.
  const folder = await mkdtemp(join(context.deps.uploadDir, 'body-'));
  try {
    return await use(await orUnread(context, async () => receive(context.request, folder)));
  } finally {
    await remove(context, folder);
  }
}

/** The request may have become a job by now: what is left on the disk is no reason to send its client away. */
async function remove({ deps }: Context, folder: string): Promise<void> {
  try {
    await count(deps, folder);
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    deps.log.warn({ error, folder }, 'upload.not_removed');
  }
}

/** Here, since the answer is sent by now: nobody waits for it. */
async function count({ metrics }: Context['deps'], folder: string): Promise<void> {
  const files = await readdir(folder);
  if (files.length === 0) return;
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  metrics.uploadedFiles.inc(files.length);
  metrics.uploadedBytes.inc(sizes.reduce((sum, size) => sum + size, 0));
}

async function orUnread<R>({ request, response }: Context, receive: () => Promise<R>): Promise<R> {
  try {
    return await receive();
  } catch (error) {
    // What is still coming is let pass unread, so that the client gets to read its answer; the connection is not
    // used again, since nobody knows how much that is.
    request.unpipe();
    request.resume();
    response.set('connection', 'close');
    throw error;
  }
}

/** As Node itself ends a request that took too long to arrive. */
function tooLate(request: IncomingMessage): void {
  clientError(Object.assign(new Error('too late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), request.socket);
  request.destroy();
}
