import type { IncomingMessage } from 'node:http';
import { readJson } from './read-json.js';
import { readMultipart } from './read-multipart.js';
import type { Received } from './received.js';
import { Refusal } from './refusal.js';

async function readAny(request: IncomingMessage): Promise<Received> {
  const contentType = request.headers['content-type'] ?? '';
  if (contentType.startsWith('multipart/form-data')) return await readMultipart(request, contentType);
  if (contentType.includes('json')) return await readJson(request);
  throw new Refusal(415, `Unsupported content type: '${contentType}'. Send JSON or a multipart form.`, {
    code: 'unsupported_content_type',
  });
}

export async function readBody(request: IncomingMessage): Promise<Received> {
  try {
    return await readAny(request);
  } catch (cause) {
    if (request.complete || !request.destroyed) throw cause;
    // nginx's number for it. Nobody reads the answer; the ledger does.
    const gone = new Refusal(499, 'The client hung up in the middle of its upload.', { code: 'client_gone' });
    throw Object.assign(gone, { cause });
  }
}
