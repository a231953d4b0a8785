import { linesDone, type Batch, type BatchStatus } from '@rendermill/shared/domain/batch';
import { requestCounts } from '@rendermill/shared/domain/batch-events';
import { etaSeconds } from '@rendermill/shared/domain/batch-pace';
import { dollars } from '@rendermill/shared/domain/prices';
import type { Bound } from '../use-cases/batch-bound.js';

/** A batch as its owner sees it: every key of OpenAI's object, and ours beside them. Times in unix seconds. */

/** OpenAI names an end that it would come to; here only a deadline ends a batch. */
const windowSeconds = 86_400;

export function presentBatch(batch: Batch, bound: Bound | null) {
  const at = (status: BatchStatus): number | null => seconds(batch.times[status] ?? null);
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    model: batch.model,
    errors: batch.errors.length === 0 ? null : { object: 'list', data: batch.errors },
    input_file_id: batch.input_file_id,
    completion_window: batch.completion_window,
    status: batch.status,
    output_file_id: batch.output_file_id,
    error_file_id: batch.error_file_id,
    created_at: Math.floor(batch.created_at / 1_000),
    in_progress_at: at('in_progress'),
    expires_at: batch.deadline ?? Math.floor(batch.created_at / 1_000) + windowSeconds,
    finalizing_at: at('finalizing'),
    completed_at: at('completed'),
    failed_at: at('failed'),
    expired_at: at('expired'),
    cancelling_at: at('cancelling'),
    cancelled_at: at('cancelled'),
    request_counts: requestCounts(batch),
    usage: {
      input_tokens: batch.usage.input_tokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: batch.usage.output_tokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: batch.usage.total_tokens,
    },
    metadata: batch.metadata,
    generation: batch.generation,
    priority: batch.priority,
    deadline: batch.deadline,
    on_unknown_outcome: batch.on_unknown_outcome,
    max_cost: dollars(batch.max_cost),
    cost: {
      currency: 'USD',
      estimated: dollars(estimated(batch)),
      actual: dollars(batch.cost.actual),
      possibly_billed_twice: { attempts: batch.cost.twice.attempts, cost: dollars(batch.cost.twice.cost) },
    },
    paused_at: seconds(batch.paused_at),
    progress: progress(batch),
    eta_seconds: etaSeconds(batch, Date.now()),
    bound_by: bound,
  };
}

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / 1_000));

/** Of all lines, by those that the batch has come to: lines that cannot be jobs are expected to be as many among the rest. */
function estimated(batch: Batch): number | null {
  const { cost, cursor, total, open } = batch;
  const begun = Math.max(cursor, linesDone(batch) + open);
  if (cost.estimated === null || begun === 0) return null;
  return Math.round((cost.estimated * total) / begun);
}

function progress(batch: Batch): number {
  if (batch.total === 0) return 0;
  return Number((linesDone(batch) / batch.total).toFixed(4));
}
