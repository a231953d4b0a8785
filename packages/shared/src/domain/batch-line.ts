import { z } from 'zod';
import { batchEndpoints, type BatchEndpoint } from './batch.js';
import { asError, errorBody, RendermillError, type ErrorBody } from './errors.js';
import { generationSchema, parseBody, variationSchema, type JobBody } from './request-body.js';
import { jsonFault } from './strict-json.js';
import { clip, faultInJson, isPrintable } from './text.js';

/** One line of a batch's `input.jsonl`, as OpenAI writes it, or a catalogue's row that could not be used. */

export interface Line {
  readonly custom_id: string;
  readonly url: BatchEndpoint;
  /** Not known to fit a schema. */
  readonly body: Record<string, unknown>;
  /** Of a line or row that cannot be used: why. */
  readonly fault: ErrorBody | null;
}

/** What keeps a whole batch from running. Codes as they are in circulation; OpenAI publishes no list. */
export interface LineFault {
  readonly code:
    'invalid_json_line' | 'missing_custom_id' | 'invalid_custom_id' | 'invalid_method' | 'invalid_url' | 'invalid_body';
  readonly message: string;
  readonly param: string | null;
}

/** What a catalogue's row that cannot be used carries in the place of its parameters: written by us. */
const rowError = z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() });

/** Reads a line's structure. Whether its body makes sense is asked when its turn comes: that is the line's own fault. */
export function readLine(text: string, endpoint: BatchEndpoint | null, ours = false): Line | LineFault {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fault('invalid_json_line', `This line is not valid JSON: ${clip(faultInJson(asError(error)), 200)}.`, null);
  }
  const line = lineOf(value, endpoint, ours);
  return 'code' in line || line.fault ? line : { ...line, fault: notMeant(text) };
}

/** What nobody can have meant (a key twice, half a character) is this line's own fault: the others run. */
function notMeant(text: string): ErrorBody | null {
  const found = jsonFault(text);
  if (!found) return null;
  const param = found.path.slice(found.path[0] === 'body' && found.path.length > 1 ? 1 : 0).join('.');
  return errorBody(new RendermillError(found.code, `${param}: ${found.message}.`, { param }));
}

/** The same of a parsed line. `ours`: we wrote it, from a catalogue, and `row_error` is ours to say. */
export function lineOf(value: unknown, endpoint: BatchEndpoint | null, ours = false): Line | LineFault {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fault('invalid_json_line', 'A line is a JSON object.', null);
  const { custom_id, method, url, body, row_error } = value as Record<string, unknown>;
  if (custom_id === undefined || custom_id === null || custom_id === '')
    return fault('missing_custom_id', 'Every line needs a custom_id.', 'custom_id');
  if (typeof custom_id !== 'string' || custom_id.length > 512 || !isPrintable(custom_id))
    return fault('invalid_custom_id', 'A custom_id has 1 to 512 printable characters.', 'custom_id');
  if (method !== undefined && method !== 'POST') return fault('invalid_method', "The method is 'POST'.", 'method');
  const given = url ?? endpoint;
  if (!batchEndpoints.includes(given as BatchEndpoint)) {
    return fault('invalid_url', `The url is one of ${batchEndpoints.join(', ')}.`, 'url');
  }
  if (endpoint !== null && given !== endpoint)
    return fault('invalid_url', `The url is not the batch's endpoint, ${endpoint}.`, 'url');
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return fault('invalid_body', 'The body is a JSON object.', 'body');
  return {
    custom_id,
    url: given as BatchEndpoint,
    body: body as Record<string, unknown>,
    fault: ours && row_error !== undefined ? (rowError.parse(row_error) as ErrorBody) : null,
  };
}

function fault(code: LineFault['code'], message: string, param: string | null): LineFault {
  return { code, message, param };
}

/** What a line's body may say beyond the parameters of its route: what only a catalogue's template and ours have. */
const lineFields = {
  metadata: z.record(z.string().min(1).max(64), z.string().max(512)).nullish(),
  provider: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .nullish(),
} as const;
const generationLine = generationSchema.extend(lineFields);
const variationLine = variationSchema.extend(lineFields);

/** What a line asks for. */
export interface LineOrder {
  readonly job: JobBody;
  /** Its pictures are wanted as base64 in the output file. */
  readonly b64: boolean;
}

/** The line's body by its route's schema, or what is wrong with it. */
export function orderOf(line: Line): LineOrder | ErrorBody {
  if (line.fault) return line.fault;
  try {
    const { response_format, stream, partial_images, ...body } = parseBody(
      line.url === '/v1/images/variations' ? variationLine : generationLine,
      line.body,
    );
    if (stream || partial_images) {
      const message = 'A line of a batch has nobody to stream to.';
      throw new RendermillError('invalid_parameter', message, { param: stream ? 'stream' : 'partial_images' });
    }
    const { metadata, ...parameters } = body;
    const job: JobBody = {
      ...parameters,
      type: typeOf(line.url, (body.image ?? body.images) != null),
      custom_id: line.custom_id,
      metadata: metadata ?? null,
    };
    return { job, b64: response_format === 'b64_json' };
  } catch (error) {
    if (error instanceof RendermillError) return errorBody(error);
    throw error;
  }
}

/** A body with images is an edit wherever it arrives: relays drop them silently, and bill. */
function typeOf(url: BatchEndpoint, hasImages: boolean): JobBody['type'] {
  if (url === '/v1/images/variations') return 'variation';
  return url === '/v1/images/edits' || hasImages ? 'edit' : 'generation';
}
