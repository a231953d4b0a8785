import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { BusboyFileStream } from '@fastify/busboy';
import { maxInputBytes } from '@rendermill/shared/adapters/images/check-input';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { maxInputImages } from '@rendermill/shared/domain/job-request';
import { FileSink } from '@rendermill/shared/streams/file-sink';
import { piecesOf, readForm } from './read-form.js';
import type { ReceivedBody, UploadedFile } from './receive-body.js';

/**
 * Reads a multipart form as OpenAI's SDKs, the AI SDK, curl and the relays' scripts send it: fields in any order,
 * `image`, `image[]` or `image[0]`, chunked, with whatever type the client believes in. Files go to disk as they come.
 */
const wholeNumbers = new Set([
  'n',
  'output_compression',
  'partial_images',
  'frame_count',
  'frame_duration_ms',
  'compression',
]);
const truths = new Set(['stream', 'transparency']);

/** An image part: a file, or the text of a URL as JSON takes it. */
type ImagePart = UploadedFile | string;

interface FormState {
  readonly fields: Map<string, unknown>;
  /** In the order in which the parts began; a place is taken before its file is on disk. */
  readonly images: Promise<ImagePart>[];
  readonly masks: Promise<ImagePart>[];
  /** What each part says, in their order: the body without its boundaries. */
  readonly parts: { readonly name: string; readonly content: string | Promise<UploadedFile> }[];
}

const imageField = /^image(\[\d*\])?$/;

export async function receiveForm(request: IncomingMessage, folder: string): Promise<ReceivedBody> {
  const state = await parseForm(request, folder);
  if (state.images.length > maxInputImages) tooManyImages();
  if (state.masks.length > 1) throw new RendermillError('too_many_masks', 'One mask at most.', { param: 'mask' });
  const nonce = randomBytes(12).toString('hex');
  const files = new Map<string, UploadedFile>();
  const stand = (part: ImagePart, name: string): string => {
    if (typeof part === 'string') return part;
    const marker = `upload:${nonce}:${name}`;
    files.set(marker, part);
    return marker;
  };
  const images = (await Promise.all(state.images)).map((part, i) => stand(part, String(i)));
  const mask = (await Promise.all(state.masks)).map((part) => stand(part, 'mask'))[0];
  return {
    value: {
      ...Object.fromEntries(state.fields),
      ...(images.length > 0 ? { image: images } : {}),
      ...(mask === undefined ? {} : { mask }),
    },
    fileOf: (text) => files.get(text) ?? null,
    folder,
    fingerprint: await fingerprint(state),
  };
}

function tooManyImages(): never {
  throw new RendermillError('too_many_images', `At most ${maxInputImages} images.`, { param: 'image' });
}

/** Awaits the files, so that it is asked only once they are all there. */
async function fingerprint(state: FormState): Promise<string> {
  const hash = createHash('sha256');
  for (const { name, content } of state.parts) {
    hash.update(JSON.stringify(typeof content === 'string' ? [name, content] : [name, (await content).sha256, 'file']));
  }
  return hash.digest('hex');
}

async function parseForm(request: IncomingMessage, folder: string): Promise<FormState> {
  const state: FormState = { fields: new Map(), images: [], masks: [], parts: [] };
  const limits = {
    fileSize: maxInputBytes,
    files: maxInputImages + 1,
    fields: 40,
    fieldSize: 160_000,
    fieldNameSize: 100,
    parts: 60,
    headerPairs: 50,
  };
  await readForm(request, limits, {
    field: (name, value) => takeField(state, name, value),
    file: (name, stream) => takeFile(state, folder, name, stream),
  });
  return state;
}

function takeField(state: FormState, name: string, value: string): void {
  state.parts.push({ name, content: value });
  if (imageField.test(name) || name === 'mask') {
    (name === 'mask' ? state.masks : state.images).push(Promise.resolve(value));
    return;
  }
  if (state.fields.has(name)) throw new RendermillError('duplicate_field', `${name} is there twice.`, { param: name });
  state.fields.set(name, coerce(name, value));
}

/** A form knows only text: what the schema wants as a number or truth is made one where it reads as one. */
function coerce(name: string, value: string): unknown {
  if (wholeNumbers.has(name) && /^-?\d{1,9}$/.test(value)) return Number(value);
  if (truths.has(name) && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function takeFile(state: FormState, folder: string, name: string, stream: BusboyFileStream): Promise<ImagePart> {
  const isMask = name === 'mask';
  if (!isMask && !imageField.test(name)) {
    throw new RendermillError('unknown_field', `There is no file field ${name}: send image, image[] or mask.`, {
      param: name,
    });
  }
  const written = writeFile(folder, name, stream, isMask ? 'mask' : 'image');
  (isMask ? state.masks : state.images).push(written);
  state.parts.push({ name, content: written });
  return written;
}

async function writeFile(folder: string, name: string, stream: BusboyFileStream, field: string): Promise<UploadedFile> {
  const sink = await FileSink.open(join(folder, randomBytes(12).toString('hex')));
  try {
    for await (const chunk of piecesOf(stream)) await sink.write(chunk);
  } catch (error) {
    await sink.abort();
    throw error;
  }
  const file = await sink.end();
  if (stream.truncated) {
    throw new RendermillError('file_too_large', `${name}: an image has at most ${maxInputBytes / 1024 / 1024} MB.`, {
      param: name,
    });
  }
  return { ...file, field };
}
