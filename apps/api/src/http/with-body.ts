import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from './route.js';
import { receiveJson, type ReceivedBody } from './receive-body.js';
import { isForm, receiveForm } from './receive-form.js';

/** Reads a request's body, JSON or form, and keeps its files for as long as `use` runs. */
export async function withBody<T>(context: Context, use: (body: ReceivedBody) => Promise<T>): Promise<T> {
  const { deps, request, requestId } = context;
  const folder = join(deps.uploadDir, requestId);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const body = isForm(request) ? await receiveForm(request, folder) : await receiveJson(request, folder);
    return await use(body);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
