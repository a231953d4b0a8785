import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeZip } from 'client-zip';
import { stringify } from 'csv-stringify';
import { z } from 'zod';
import type { BatchMoment } from '@rendermill/shared/adapters/redis/batch-reader';
import { attachmentAs } from '@rendermill/shared/adapters/storage/disposition';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { parseBody } from '@rendermill/shared/domain/request-body';
import { linkProject, signPath, verifyPath } from '@rendermill/shared/domain/signed-links';
import type { ApiDeps } from '../../deps.js';
import { admit } from '../authenticate.js';
import { resultObject } from '../batch-schemas.js';
import { resultLines, resultRows } from '../result-lines.js';
import { sendJson, type Context, type Route } from '../route.js';
import { withBody } from '../with-body.js';
import { zipEntries } from '../zip-entries.js';
import { noBatch, requireBatch } from './batches.js';

/** `/v1/batches/{id}/results`: what has ended by now, streamed from where it lies; what is held is a chunk. */

const formats = ['jsonl', 'csv', 'zip'] as const;
const resultsQuery = z.strictObject({
  expires: z.string().optional().describe('Of a link that POST …/results_link has signed.'),
  signature: z.string().optional().describe('Likewise.'),
  project: z.string().max(64).optional().describe('Likewise.'),
  format: z
    .enum(formats)
    .default('jsonl')
    .describe('jsonl and csv: a row per ended line; zip: the pictures, and the rows beside them.'),
});

const contentTypes = { jsonl: 'application/jsonl', csv: 'text/csv; charset=utf-8', zip: 'application/zip' } as const;

async function results(context: Context): Promise<void> {
  const { deps, query, request, response } = context;
  const { format } = query as z.output<typeof resultsQuery>;
  const project = await projectOf(context);
  const { id } = await requireBatch({ ...context, caller: { ...context.caller, project } });
  const moment = await deps.batchReader.moment(id);
  if (!moment) throw new RendermillError('not_found', 'There is no batch with this id.', { param: 'id' });
  response.status(200).set({
    'content-type': contentTypes[format],
    'content-disposition': attachmentAs(`${id}.${format}`),
    'x-content-type-options': 'nosniff',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    // A client that hangs up ends the reading: the pipeline destroys what it reads from.
    if (format === 'zip') await pipeline(Readable.fromWeb(makeZip(zipEntries(deps, moment)) as never), response);
    else if (format === 'csv') await pipeline(Readable.from(cells(deps, moment)), table(), response);
    else await pipeline(Readable.from(resultLines(deps, moment)), response);
  } catch (error) {
    if (!context.gone.aborted) throw error;
  }
}

/** A valid signature is leave for this batch's results, in the project that it names, as a key is. */
async function projectOf({ deps, request, response, params, query }: Context): Promise<string> {
  const { expires, signature, project } = query as z.output<typeof resultsQuery>;
  if (expires === undefined && signature === undefined)
    return (await admit(deps, request, response, 'batches')).project;
  const { secret, previousSecret } = deps.settings;
  const secrets = previousSecret === undefined ? [secret] : [secret, previousSecret];
  const place = { path: resultsPath(params['id'] ?? ''), project: linkProject(project) };
  if (!verifyPath(secrets, place, expires ?? '', signature ?? '', Math.floor(Date.now() / 1_000)))
    throw new RendermillError('invalid_api_key', 'The link has expired or is damaged: ask for a fresh one.');
  return place.project;
}

const resultsPath = (id: string): string => `/v1/batches/${id}/results`;

const linkBody = z.strictObject({ format: z.enum(formats).default('jsonl') });
const linkObject = z.object({ object: z.literal('results_link'), url: z.string(), url_expires_at: z.int() });

/** A browser downloads by itself and sends no key. */
async function link(context: Context): Promise<void> {
  const { deps, caller, response } = context;
  const { id } = await requireBatch(context);
  const { format } = await withBody(context, async ({ value }) => parseBody(linkBody, value));
  const { secret, publicUrl, urlTtlSeconds } = deps.settings;
  const url_expires_at = Math.floor(Date.now() / 1_000) + urlTtlSeconds;
  const url = `${publicUrl}${signPath(secret, { path: resultsPath(id), project: caller.project }, url_expires_at)}&format=${format}`;
  sendJson(response, 200, { object: 'results_link', url, url_expires_at });
}

const columns = ['custom_id', 'line', 'status', 'image_urls', 'error_code', 'error_message', 'cost_usd', 'job_id'];

/** A cell that a spreadsheet would take for a formula gets an apostrophe before it: ids and messages come from outside. */
function table() {
  return stringify({ header: true, columns, escape_formulas: true });
}

async function* cells(deps: ApiDeps, moment: BatchMoment): AsyncGenerator<(string | number | null)[]> {
  for await (const { custom_id, line, status, images, error, cost, job_id } of resultRows(deps, moment)) {
    const urls = images.map(({ url }) => url).join(' ');
    yield [custom_id, line, status, urls, error?.code ?? null, error?.message ?? null, cost.actual, job_id];
  }
}

export const batchResultRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/batches/{id}/results',
    operationId: 'getBatchResults',
    // By a key or a signature: it asks for one of them itself.
    access: 'open',
    summary: 'The lines that have ended by now, while it runs too: rows, or the pictures themselves.',
    tag: 'Batches',
    query: resultsQuery,
    answers: {
      200: {
        description:
          'jsonl: one object per line (custom_id, status, images with links, error, cost). csv: the same flat; several image URLs stand in one cell, a blank between them. zip: {custom_id}-{index}.{ext}, then results.jsonl.',
        contentType: 'application/jsonl',
        schema: resultObject,
      },
      404: noBatch,
    },
    handle: results,
  },
  {
    method: 'post',
    path: '/v1/batches/{id}/results_link',
    operationId: 'createBatchResultsLink',
    access: 'batches',
    summary: 'A signed link to the results, which works without a key until it expires: for a browser, or wget.',
    tag: 'Batches',
    body: linkBody,
    answers: { 200: { description: 'The link.', schema: linkObject }, 404: noBatch },
    handle: link,
  },
];
