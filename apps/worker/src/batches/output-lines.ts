import { createHash } from 'node:crypto';
import type { Batch, LineRecord } from '@rendermill/shared/domain/batch';
import { errorTable, type ErrorBody } from '@rendermill/shared/domain/errors';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { signPath } from '@rendermill/shared/domain/signed-links';
import { StorageError, type Storage } from '@rendermill/shared/ports/storage';

/** Lines of output and error file, in OpenAI's shapes. */

/** The id of a line's answer: the same in every file that has it. */
function lineId(batch: Batch, { line, generation }: LineRecord): string {
  return `batch_req_${createHash('sha256').update(`${batch.id}|${line}|${generation}`).digest('hex').slice(0, 32)}`;
}

/** A line that was answered: with links that live as long as the file, or with base64 where the line asks for it. */
export async function* outputLine(
  storage: Storage,
  batch: Batch,
  record: LineRecord,
  link: { readonly secret: string; readonly expires: number },
): AsyncGenerator<Buffer> {
  const job = record.job as unknown as PresentedJob & { readonly request_id: string };
  const head = { id: lineId(batch, record), custom_id: record.custom_id };
  const response = { status_code: 200, request_id: job.request_id };
  yield text(
    `${JSON.stringify(head).slice(0, -1)},"response":${JSON.stringify(response).slice(0, -1)},"body":{"created":${job.completed_at ?? job.created_at},"data":[`,
  );
  for (const [i, image] of job.images.entries()) {
    const path = `/v1/jobs/${job.id}/images/${image.index}`;
    const revised = image.revised_prompt === null ? {} : { revised_prompt: image.revised_prompt };
    const comma = i > 0 ? ',' : '';
    if (!record.b64) {
      const url = batch.public_url + signPath(link.secret, { path, project: batch.project }, link.expires);
      yield text(comma + JSON.stringify({ url, ...revised }));
      continue;
    }
    yield text(`${comma}{"b64_json":"`);
    yield* base64Of(storage, image.key);
    yield text(`"${JSON.stringify(revised) === '{}' ? '' : `,${JSON.stringify(revised).slice(1, -1)}`}}`);
  }
  const usage = job.usage ? `,"usage":${JSON.stringify(job.usage)}` : '';
  yield text(`]${usage}}},"error":null}\n`);
}

async function* base64Of(storage: Storage, key: string): AsyncGenerator<Buffer> {
  const object = await storage.get(key);
  if (!object) throw new StorageError('denied', `the image ${key} is gone from the store`);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of object.body as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    rest = bytes.subarray(whole);
    yield text(bytes.toString('base64', 0, whole));
  }
  if (rest.length > 0) yield text(rest.toString('base64'));
}

/** Lines that nobody answered, in OpenAI's words. */
const unanswered: Partial<Record<LineRecord['status'], string>> = {
  expired: 'batch_expired',
  cancelled: 'batch_cancelled',
};

/** A line that came to nothing: with the answer that its request alone would have got, or with why there is none. */
export function errorLine(batch: Batch, record: LineRecord): Buffer {
  const { custom_id, error } = record;
  const head = { id: lineId(batch, record), custom_id };
  const code = unanswered[record.status];
  if (code !== undefined || !error) {
    const why = { code: code ?? 'internal_error', message: error?.message ?? 'There is no error.' };
    return text(`${JSON.stringify({ ...head, response: null, error: why })}\n`);
  }
  const body: { readonly error: ErrorBody } = { error };
  const request_id = (record.job as { request_id?: string } | null)?.request_id ?? batch.request_id;
  const response = { status_code: errorTable[error.code].status, request_id, body };
  return text(`${JSON.stringify({ ...head, response, error: null })}\n`);
}

const text = (line: string): Buffer => Buffer.from(line);
