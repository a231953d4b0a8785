import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach } from '@jest/globals';
import sharp from 'sharp';
import {
  startSimulator,
  type FaultInput,
  type FaultKind,
  type Simulator,
  type SimulatorOptions,
} from '../src/index.js';
import { ruleList } from '../src/faults/rules.js';

const open: Simulator[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (simulator) => await simulator.close()));
});

/** A simulator that ends with its test. */
export async function simulate(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator(options);
  open.push(simulator);
  return simulator;
}

/** A simulator whose every image request meets one fault. */
export async function simulateFault(
  fault: FaultInput | { kind: FaultKind },
  options: SimulatorOptions = {},
): Promise<Simulator> {
  return await simulate({ ...options, faults: ruleList.parse([{ fault }]) });
}

interface ImageItem {
  b64_json?: string;
  url?: string;
  revised_prompt?: string;
  task_id?: string;
  status?: string;
}

/** The parts of an answer that tests look at. */
export interface ImagesBody {
  created: number;
  data: ImageItem[];
  size?: string;
  quality?: string;
  background?: string;
  output_format?: string;
  status?: string;
  usage?: { total_tokens: number; input_tokens: number; output_tokens: number };
  error?: { message: string; type: string; param: string | null; code: string | null; moderation_details?: unknown };
}

const small = { model: 'gpt-image-2', prompt: 'A red mug', size: '256x256' };

/** Asks for a small picture, unless told otherwise. */
export async function generate(simulator: Simulator, body: object = {}, headers: object = {}): Promise<Response> {
  return await fetch(`${simulator.url}/images/generations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test-abcd', ...headers },
    body: JSON.stringify({ ...small, ...body }),
  });
}

/** The same, read to its end: an answer that nobody reads keeps its connection. */
export async function statusOf(simulator: Simulator, body: object = {}, headers: object = {}): Promise<number> {
  const response = await generate(simulator, body, headers);
  await response.arrayBuffer();
  return response.status;
}

export async function jsonOf<T = ImagesBody>(response: Response): Promise<T> {
  const body: T = JSON.parse(await response.text());
  return body;
}

export async function generated(simulator: Simulator, body: object = {}): Promise<ImagesBody> {
  return await jsonOf(await generate(simulator, body));
}

/** The image files of an answer. */
export function filesOf(body: ImagesBody): Buffer[] {
  return body.data.map((item) => Buffer.from(item.b64_json ?? '', 'base64'));
}

export function firstOf<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new Error('the list is empty');
  return first;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A whole decode: throws for a file that is cut or wrong anywhere. */
export async function decode(file: Buffer): Promise<{ format: string; width: number; height: number; pixels: Buffer }> {
  const { format, width, height } = await sharp(file).metadata();
  const pixels = await sharp(file, { failOn: 'warning' }).ensureAlpha().raw().toBuffer();
  return { format, width, height, pixels };
}

/** A one-coloured picture to send. */
export async function photo(width = 64, height = 64, background = '#cc3344'): Promise<Buffer> {
  return await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();
}

/** An answer as it comes over the wire, for those that fetch would refuse. */
export interface RawAnswer {
  readonly response: IncomingMessage;
  readonly body: Buffer;
  /** Sizes of the pieces in which the body came. */
  readonly pieces: readonly number[];
  /** What broke the body, or null. */
  readonly error: Error | null;
}

/** Reads an answer byte by byte; rejects where not even headers came. `quietMs` gives up on a body that stops. */
export async function rawGenerate(simulator: Simulator, body: object = {}, quietMs = 0): Promise<RawAnswer> {
  return await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    let fail: (error: Error) => void = reject;
    const call = httpRequest(`${simulator.url}/images/generations`, { method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      const done = (error: Error | null): void => {
        const pieces = chunks.map((chunk) => chunk.length);
        resolve({ response, body: Buffer.concat(chunks), pieces, error });
      };
      fail = done;
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => done(null)).on('error', done);
    });
    if (quietMs > 0) call.setTimeout(quietMs, () => call.destroy(new Error('quiet')));
    call.on('error', (error) => fail(error)).end(JSON.stringify({ ...small, ...body }));
  });
}
