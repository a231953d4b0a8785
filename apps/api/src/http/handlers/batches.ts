import { z } from 'zod';
import type { BatchChange } from '@rendermill/shared/adapters/redis/batch-store';
import { isEnded, type Batch } from '@rendermill/shared/domain/batch';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { isId, sha256 } from '@rendermill/shared/domain/ids';
import { parseBody } from '@rendermill/shared/domain/request-body';
import { boundOf } from '../../use-cases/batch-bound.js';
import { submitBatch } from '../../use-cases/submit-batch.js';
import { batchSchema } from '../batch-body.js';
import { batchObject } from '../batch-schemas.js';
import { page, pageQuery, wholeNumber } from '../list-query.js';
import { requireOwnMode } from '../own-order.js';
import { presentBatch } from '../present-batch.js';
import { repeatOf } from '../repeat.js';
import { batchReaders, sendJson, type Context, type Route } from '../route.js';
import { errorSchema, listOf } from '../schemas.js';
import { withBody } from '../with-body.js';

/** `/v1/batches`, as OpenAI's, so that `client.batches.*` works. */

/** The batch of the path, or 404: the same answer for another project's batch as for none. */
export async function requireBatch({ deps, caller, params }: Context): Promise<Batch> {
  const id = params['id'] ?? '';
  const batch = isId('batch', id) ? await deps.batches.get(caller.project, id) : null;
  return batch ?? noSuchBatch();
}

function noSuchBatch(): never {
  throw new RendermillError('not_found', 'There is no batch with this id.', { param: 'id' });
}

export async function present({ deps }: Context, batch: Batch) {
  return presentBatch(batch, await boundOf(deps, batch));
}

async function create(context: Context): Promise<void> {
  const { deps, caller, request, response, requestId } = context;
  const id = await withBody(
    context,
    async ({ value, fingerprint }) => {
      const body = parseBody(batchSchema, value);
      const repeat = repeatOf(deps, caller, request, fingerprint, false);
      return submitBatch(deps, { caller, requestId, body, repeat });
    },
    'lines',
  );
  response.set('location', `/v1/batches/${id}`);
  const batch = (await deps.batches.get(caller.project, id)) ?? noSuchBatch();
  sendJson(response, 200, await present(context, batch));
}

const listQuery = z.strictObject(pageQuery);

async function list(context: Context): Promise<void> {
  const { deps, caller, query, response } = context;
  const filter = query as z.output<typeof listQuery>;
  const found = await deps.batches.list(caller.project, filter);
  if (!found) {
    const message = `after: there is no batch '${filter.after}' any more; begin at the first page`;
    throw new RendermillError('invalid_parameter', message, { param: 'after' });
  }
  const rows = await Promise.all(found.batches.map(async (batch) => present(context, batch)));
  sendJson(response, 200, page(rows, found.more));
}

const getQuery = z.strictObject({
  wait: wholeNumber(0, 60).optional().describe('Seconds to wait for the end, at most 60.'),
});

async function get(context: Context): Promise<void> {
  const { deps, caller, query, request, response } = context;
  const { wait = 0 } = query as z.output<typeof getQuery>;
  let batch = await requireBatch(context);
  if (wait > 0 && !isEnded(batch.status)) {
    const signal = AbortSignal.any([context.gone, deps.stopping]);
    batch = (await deps.batchWaiter.until(caller.project, batch.id, wait * 1_000, signal)) ?? noSuchBatch();
  }
  const shown = await present(context, batch);
  // Weak: what it says is what counts, not its bytes; and the time that is left passes without any news.
  const etag = `W/"${sha256(JSON.stringify({ ...shown, eta_seconds: null })).slice(0, 20)}"`;
  response.set('etag', etag);
  if (request.headers['if-none-match'] === etag) response.status(304).end();
  else sendJson(response, 200, shown);
}

/** What a change asked for twice finds done already. */
const isDone: Record<BatchChange, (batch: Batch) => boolean> = {
  cancel: ({ status }) => status === 'cancelling' || status === 'cancelled',
  pause: ({ status, paused_at }) => status === 'in_progress' && paused_at !== null,
  resume: ({ status, paused_at }) => status === 'in_progress' && paused_at === null,
};

function change(what: BatchChange) {
  return async (context: Context): Promise<void> => {
    const { deps, response } = context;
    const found = await requireBatch(context);
    requireOwnMode(context.caller, found);
    const { id } = found;
    const changed = await deps.batches.change(id, what);
    const batch = await requireBatch(context);
    if (changed !== true && !isDone[what](batch)) throw refused(what, batch);
    sendJson(response, 200, await present(context, batch));
  };
}

function refused(what: BatchChange, { status }: Batch): RendermillError {
  if (isEnded(status)) return new RendermillError('batch_ended', `The batch has ended already: it is ${status}.`);
  const when = what === 'cancel' ? 'validating or in_progress' : 'in_progress';
  return new RendermillError('batch_not_running', `Only a batch that is ${when} takes this: it is ${status}.`);
}

const tag = 'Batches';
export const noBatch = { description: 'There is no such batch.', schema: errorSchema };
const one = '/v1/batches/{id}';

function changeRoute(what: BatchChange, summary: string): Route {
  return {
    method: 'post',
    path: `${one}/${what}`,
    operationId: `${what}Batch`,
    access: 'batches',
    summary,
    tag,
    answers: {
      200: { description: 'The batch.', schema: batchObject },
      404: noBatch,
      409: { description: 'It is not in a state for this.', schema: errorSchema },
    },
    handle: change(what),
  };
}

export const batchRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/batches',
    operationId: 'createBatch',
    access: 'batches',
    summary: 'Submit a batch: a file of OpenAI’s batch lines, the lines themselves, or a CSV with a template.',
    tag,
    body: batchSchema,
    answers: { 200: { description: 'The batch; its lines are validated next.', schema: batchObject } },
    handle: create,
  },
  {
    method: 'get',
    path: '/v1/batches',
    operationId: 'listBatches',
    access: batchReaders,
    summary: 'List batches.',
    tag,
    query: listQuery,
    answers: { 200: { description: 'One page.', schema: listOf(batchObject) } },
    handle: list,
  },
  {
    method: 'get',
    path: one,
    operationId: 'getBatch',
    access: batchReaders,
    summary: 'Retrieve a batch; with ?wait=N, once it has ended or N seconds have passed.',
    tag,
    query: getQuery,
    answers: {
      200: { description: 'The batch.', schema: batchObject },
      304: { description: 'Unchanged since the ETag in If-None-Match.' },
      404: noBatch,
    },
    handle: get,
  },
  changeRoute(
    'cancel',
    'Cancel a batch: lines not begun are left, calls in flight end, what is finished is delivered.',
  ),
  changeRoute('pause', 'Begin no more lines until it is resumed; those under way go on.'),
  changeRoute('resume', 'Go on with a paused batch.'),
];
