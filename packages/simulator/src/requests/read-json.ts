import type { IncomingMessage } from 'node:http';
import type { Received, ReceivedFile } from './received.js';
import { badRequest, Refusal } from './refusal.js';

/** Sixteen data URLs of OpenAI's greatest length fit. */
const mostBytes = 352 * 1024 * 1024;

async function readText(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    const chunk: Buffer = piece;
    pieces.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Refusal(413, 'Request body is too large.');
  }
  return Buffer.concat(pieces).toString('utf8');
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export async function readJsonObject(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = await readText(request);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw Object.assign(badRequest('We could not parse the JSON body of your request.', null, null), { cause });
  }
  if (!isObject(body)) throw badRequest('The JSON body of your request must be an object.', null, null);
  return body;
}

/** `{image_url}` (a data URL gives bytes, any other link is only noted) or `{file_id}`. */
function readReference(value: unknown, field: string): ReceivedFile {
  const link = isObject(value) ? value['image_url'] : undefined;
  const file = isObject(value) ? value['file_id'] : undefined;
  if (typeof file === 'string' && link === undefined) {
    return { field, filename: null, contentType: null, bytes: null, reference: file };
  }
  if (typeof link !== 'string' || file !== undefined) {
    throw badRequest(`Invalid '${field}': expected exactly one of 'image_url' and 'file_id'.`, field, 'invalid_value');
  }
  const data = /^data:([^;,]*);base64,/.exec(link);
  if (!data) return { field, filename: null, contentType: null, bytes: null, reference: link };
  const bytes = Buffer.from(link.slice(data[0].length), 'base64');
  return { field, filename: null, contentType: data[1] || null, bytes, reference: null };
}

/** The JSON body of any image request; only an edit's holds images. */
export async function readJson(request: IncomingMessage): Promise<Received> {
  const { images, mask, ...fields } = await readJsonObject(request);
  if (images != null && !Array.isArray(images)) {
    throw badRequest("Invalid type for 'images': expected an array of objects.", 'images', 'invalid_type');
  }
  return {
    form: 'json',
    fields,
    images: (images ?? []).map((value: unknown, i) => readReference(value, `images[${i}]`)),
    mask: mask == null ? null : readReference(mask, 'mask'),
    others: [],
  };
}
