import { z } from 'zod';
import { parseBody } from '@rendermill/shared/domain/request-body';
import { signPath } from '@rendermill/shared/domain/signed-links';
import { batchReaders, sendJson, type Context, type Route } from '../route.js';
import { withBody } from '../with-body.js';
import { noBatch, requireBatch } from './batches.js';

/** `/v1/batches/{id}/results_link`: leave to fetch a batch's results without a key, for a while. */

export const resultFormats = ['jsonl', 'csv', 'zip'] as const;

const resultsPath = (id: string): string => `/v1/batches/${id}/results`;

const linkBody = z.strictObject({ format: z.enum(resultFormats).default('jsonl') });
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

export const resultsLinkRoute: Route = {
  method: 'post',
  path: '/v1/batches/{id}/results_link',
  operationId: 'createBatchResultsLink',
  access: batchReaders,
  summary: 'A signed link to the results, which works without a key until it expires: for a browser, or wget.',
  tag: 'Batches',
  body: linkBody,
  answers: { 200: { description: 'The link.', schema: linkObject }, 404: noBatch },
  handle: link,
};
