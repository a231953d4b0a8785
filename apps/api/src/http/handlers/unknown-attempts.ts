import type { UnknownAttempt } from '@rendermill/shared/adapters/redis/unknown-attempts';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { dollars } from '@rendermill/shared/domain/prices';
import { page } from '../list-query.js';
import { sendJson, type Context } from '../route.js';

/** `/v1/usage?outcome=unknown`: the attempts that may have been billed, for a refund claim. */

interface Asked {
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  /** Unix seconds: inclusive, exclusive. */
  readonly start_time?: number | undefined;
  readonly end_time?: number | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

export async function listUnknown({ deps, caller, response }: Context, asked: Asked): Promise<void> {
  const { model, provider, after, limit, order, start_time, end_time } = asked;
  const from = start_time === undefined ? -Infinity : start_time * 1_000;
  const to = end_time === undefined ? Infinity : end_time * 1_000 - 1;
  const filter = { model, provider, after, limit, order, from, to };
  const found = await deps.unknowns.list(caller.project, filter);
  if (!found) {
    const message = `after: there is no attempt '${after}' in this list any more; begin at the first page`;
    throw new RendermillError('invalid_parameter', message, { param: 'after' });
  }
  sendJson(response, 200, page(found.attempts.map(presentUnknown), found.more, found.last));
}

function presentUnknown({ id, job, attempt }: UnknownAttempt) {
  const { settlement } = attempt;
  return {
    id,
    object: 'attempt',
    job_id: job.id,
    custom_id: job.custom_id,
    number: attempt.number,
    generation: attempt.generation,
    provider: attempt.provider,
    model: job.model,
    images: attempt.indexes.length,
    started_at: Math.floor(attempt.started_at / 1_000),
    ended_at: Math.floor((settlement?.ended_at ?? attempt.started_at) / 1_000),
    provider_request_id: settlement?.request_id ?? null,
    http_status: settlement?.http_status ?? null,
    code: settlement?.error?.code ?? null,
    message: settlement?.error?.message ?? null,
    estimated_cost: dollars(settlement?.cost ?? null),
    currency: 'USD',
  };
}
