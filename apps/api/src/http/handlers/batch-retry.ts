import { z } from 'zod';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { dollars } from '@rendermill/shared/domain/prices';
import { parseBody } from '@rendermill/shared/domain/request-body';
import { overLimit } from '../../use-cases/reserve-spend.js';
import { batchObject } from '../batch-schemas.js';
import { requireOwnOrder } from '../own-order.js';
import { repeatOf } from '../repeat.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema } from '../schemas.js';
import { withBody } from '../with-body.js';
import { noBatch, present, requireBatch } from './batches.js';

/** `POST /v1/batches/{id}/retry`: lines of an ended batch that came to nothing, once more. */

const retrySchema = z.strictObject({
  error_code: z
    .string()
    .regex(/^[a-z_]{1,64}$/, 'an error code has 1 to 64 of a-z _')
    .nullish()
    .describe(
      'Only lines that failed with this code. Lines that were never begun have `budget_exceeded`, `cancelled` or `deadline_exceeded`.',
    ),
  max_cost: z
    .number()
    .min(0.000_001)
    .max(1_000_000_000)
    .nullish()
    .describe('USD: what the batch may cost at most, what it has cost already included.'),
});

/** What the lines of an error file are called, and what their jobs are. */
const aliases: Readonly<Record<string, string>> = { batch_cancelled: 'cancelled', batch_expired: 'deadline_exceeded' };

async function retry(context: Context): Promise<void> {
  const { deps, caller, request, response } = context;
  const found = await requireBatch(context);
  requireOwnOrder(caller, found);
  const { id } = found;
  const { body, fingerprint } = await given(context);
  const repeat = repeatOf(deps, caller, request, fingerprint, false);
  const asked = body.max_cost == null ? null : Math.round(body.max_cost * 1_000_000);
  // Under a spend limit the batch's own max_cost stands where none is asked for: what is left may be more.
  const maxCost = asked ?? (caller.spendLimit === null ? null : found.max_cost);
  const { actual } = found.cost;
  // What it has cost is counted: nothing could be begun. A repeat is answered whatever it has cost since.
  if (asked !== null && actual !== null && asked < actual && !(await deps.jobs.repeated(repeat)))
    throw new RendermillError(
      'invalid_parameter',
      `max_cost: it is what the batch may cost in all, and it has cost ${dollars(actual)} already; name more.`,
      { param: 'max_cost' },
    );
  const code = body.error_code == null ? null : (aliases[body.error_code] ?? body.error_code);
  const answer = await deps.batches.retry(id, { code, maxCost }, repeat, caller);
  if (typeof answer === 'object') throw overLimit(caller, answer);
  if (answer === 'conflict')
    throw new RendermillError('idempotency_key_reused', 'This Idempotency-Key was used with another request.');
  const batch = await requireBatch(context);
  if (answer !== 'retried' && answer !== 'existing') {
    const why =
      batch.status === 'failed' ? 'nothing of it was run: mend its input and submit it anew' : 'it has not ended';
    throw new RendermillError('batch_not_running', `The batch is ${batch.status}: ${why}.`);
  }
  sendJson(response, 200, await present(context, batch));
}

/** Without a body: every line that came to nothing. */
async function given(context: Context): Promise<{ body: z.output<typeof retrySchema>; fingerprint: string }> {
  const { headers } = context.request;
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0)
    return { body: {}, fingerprint: '' };
  return withBody(context, async ({ value, fingerprint }) => ({ body: parseBody(retrySchema, value), fingerprint }));
}

export const batchRetryRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/batches/{id}/retry',
    operationId: 'retryBatch',
    access: 'batches',
    summary: 'Run the lines of an ended batch again that came to nothing; what is done is kept and not paid again.',
    tag: 'Batches',
    body: retrySchema,
    bodyOptional: true,
    answers: {
      200: { description: 'The batch, running again in a new generation.', schema: batchObject },
      404: noBatch,
      409: { description: 'It has not ended, or failed its validation.', schema: errorSchema },
    },
    handle: retry,
  },
];
