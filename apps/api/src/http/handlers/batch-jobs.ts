import { z } from 'zod';
import { lineJobId, lineOfJob, maxBatchLines, type Batch } from '@rendermill/shared/domain/batch';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { isTerminal, jobStatuses } from '@rendermill/shared/domain/job';
import { listLines, type LineFilter } from '../../use-cases/list-lines.js';
import { page, pageQuery, wholeNumber } from '../list-query.js';
import { presentLine } from '../present-line.js';
import { batchReaders, sendJson, type Context, type Route } from '../route.js';
import { jobObject, listOf } from '../schemas.js';
import { noBatch, requireBatch } from './batches.js';

/** `/v1/batches/{id}/jobs`: a batch's lines as jobs, before, while and after they run. */

const listQuery = z.strictObject({
  ...pageQuery,
  order: z.enum(['asc', 'desc']).default('asc').describe('By line.'),
  status: z.enum(jobStatuses).optional(),
  error_code: z
    .string()
    .regex(/^[a-z_]{1,64}$/, 'must be a code')
    .optional()
    .describe('Lines that failed with this code.'),
  offset: wholeNumber(0, maxBatchLines)
    .optional()
    .describe('So many lines are passed over unread: of all, or of those that ended with `status`.'),
});

async function list(context: Context): Promise<void> {
  const filter = context.query as z.output<typeof listQuery>;
  const { offset, status, error_code } = filter;
  // Which of the lines under way wait, and which code one failed with, is known only of lines that are read.
  if (offset !== undefined && (error_code !== undefined || (status !== undefined && !isTerminal(status)))) {
    const message = 'offset: goes with no filter, or with the status of lines that have ended; else use after';
    throw new RendermillError('invalid_parameter', message, { param: 'offset' });
  }
  await sendLines(context, await requireBatch(context), filter);
}

/** Answers one page of a batch's lines. `after`: the job id of a line. */
export async function sendLines(
  { deps, response }: Context,
  batch: Batch,
  { after, ...filter }: Omit<LineFilter, 'after'> & { readonly after?: string | undefined },
): Promise<void> {
  const place = after === undefined ? null : lineOfJob(after);
  if (after !== undefined && place?.batch !== batch.id) {
    const message = `after: '${after}' is no job of this batch; begin at the first page`;
    throw new RendermillError('invalid_parameter', message, { param: 'after' });
  }
  const found = await listLines(deps, batch, { ...filter, after: place?.line });
  const rows = found.lines.map((line) => presentLine(deps.settings, batch, line));
  sendJson(response, 200, page(rows, found.more, found.last === null ? null : lineJobId(batch.id, found.last)));
}

export const batchJobRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/batches/{id}/jobs',
    operationId: 'listBatchJobs',
    access: batchReaders,
    summary: "List a batch's lines as jobs, while it runs too; a line that waits is queued.",
    tag: 'Batches',
    query: listQuery,
    answers: { 200: { description: 'One page, by line.', schema: listOf(jobObject) }, 404: noBatch },
    handle: list,
  },
];
