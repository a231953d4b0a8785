import { z } from 'zod';
import { lineJobId, lineOfJob } from '@rendermill/shared/domain/batch';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { groupFailures } from '../../use-cases/group-failures.js';
import { pageQuery } from '../list-query.js';
import { batchReaders, sendJson, type Context, type Route } from '../route.js';
import { noBatch, requireBatch } from './batches.js';

/** `/v1/batches/{id}/failures`: what failed, by reason, over all lines; its codes are what a retry takes. */

const query = z.strictObject({ after: pageQuery.after });

async function list(context: Context): Promise<void> {
  const { after } = context.query as z.output<typeof query>;
  const batch = await requireBatch(context);
  const place = after === undefined ? null : lineOfJob(after);
  if (after !== undefined && place?.batch !== batch.id) {
    const message = `after: '${after}' is no job of this batch; begin at the first page`;
    throw new RendermillError('invalid_parameter', message, { param: 'after' });
  }
  const { groups, more, last } = await groupFailures(context.deps, batch, place?.line ?? 0);
  sendJson(context.response, 200, {
    object: 'batch_failures',
    data: groups,
    has_more: more,
    last_id: last === 0 ? null : lineJobId(batch.id, last),
  });
}

export const batchFailureRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/batches/{id}/failures',
    operationId: 'listBatchFailures',
    access: batchReaders,
    summary:
      'Lines that failed, were cancelled or expired, counted by reason; `after` goes on counting where a page ended.',
    tag: 'Batches',
    query,
    answers: {
      200: {
        description: 'The groups of this stretch of lines: with `has_more`, add those of the next page to them.',
        schema: z.object({
          object: z.literal('batch_failures'),
          data: z.array(
            z.object({
              code: z.string().describe('What `POST /v1/batches/{id}/retry` takes as `error_code`.'),
              message: z.string().nullable().describe('Of the first of them.'),
              count: z.int(),
              lines: z
                .array(z.object({ line: z.int(), job_id: z.string(), custom_id: z.string().nullable() }))
                .describe('The first of them.'),
            }),
          ),
          has_more: z.boolean(),
          last_id: z.string().nullable(),
        }),
      },
      404: noBatch,
    },
    handle: list,
  },
];
