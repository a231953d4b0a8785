import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeZip } from 'client-zip';
import { stringify } from 'csv-stringify';
import { z } from 'zod';
import type { BatchMoment } from '@rendermill/shared/adapters/redis/batch-reader';
import { attachmentAs } from '@rendermill/shared/adapters/storage/disposition';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { ApiDeps } from '../../deps.js';
import { resultObject } from '../batch-schemas.js';
import { resultLines, resultRows } from '../result-lines.js';
import { batchReaders, type Context, type Route } from '../route.js';
import { safeFileName } from '../safe-file-name.js';
import { signedQuery } from '../signed-link.js';
import { zipEntries } from '../zip-entries.js';
import { noBatch, requireBatch } from './batches.js';
import { resultFormats, resultsLinkRoute } from './results-link.js';

/** `/v1/batches/{id}/results`: what has ended by now, streamed from where it lies; what is held is a chunk. */

const resultsQuery = z.strictObject({
  ...signedQuery,
  format: z
    .enum(resultFormats)
    .default('jsonl')
    .describe('jsonl and csv: a row per ended line; zip: the pictures, and the rows beside them.'),
});

const contentTypes = { jsonl: 'application/jsonl', csv: 'text/csv; charset=utf-8', zip: 'application/zip' } as const;

async function results(context: Context): Promise<void> {
  const { deps, query, request, response } = context;
  const { format } = query as z.output<typeof resultsQuery>;
  const { id, metadata } = await requireBatch(context);
  const moment = await deps.batchReader.moment(id);
  if (!moment) throw new RendermillError('not_found', 'There is no batch with this id.', { param: 'id' });
  response.status(200).set({
    'content-type': contentTypes[format],
    'content-disposition': attachmentAs(`${safeFileName(metadata?.['name'] ?? '') || id}.${format}`),
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
    access: batchReaders,
    summary: 'The lines that have ended by now, while it runs too: rows, or the pictures themselves.',
    tag: 'Batches',
    signed: true,
    query: resultsQuery,
    answers: {
      200: {
        description:
          'jsonl: one object per line (custom_id, status, images with links, error, cost). csv: the same flat; several image URLs stand in one cell, a blank between them. zip: {custom_id}-{index}.{ext}, then results.jsonl.',
        contentType: 'application/jsonl',
        orTypes: ['text/csv', 'application/zip'],
        schema: resultObject,
      },
      404: noBatch,
    },
    handle: results,
  },
  resultsLinkRoute,
];
