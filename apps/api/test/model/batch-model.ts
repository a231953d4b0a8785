import type { BatchAnswer } from '../../../../test/batch-calls.js';

/** What a batch may be, by what was asked of it and seen of it. */

/** A line: what the provider does with it; `bad` never gets there. */
export const lineKinds = ['good', 'good', 'refused', 'held', 'bad'] as const;
export type LineKind = (typeof lineKinds)[number];

export interface SeenBatch extends BatchAnswer {
  readonly generation: number;
  readonly in_progress_at: number | null;
}

export interface ModelBatch {
  readonly id: string;
  readonly lines: readonly LineKind[];
  generation: number;
  /** How this generation ended, once that was seen. */
  ended: string | null;
  /** How far it was seen: it never goes back. */
  rank: number;
  cancelAsked: boolean;
  /** Nobody lets it go on meanwhile. */
  paused: boolean;
  completed: number;
  readonly retries: Set<string>;
}

export interface BatchesModel {
  readonly batches: ModelBatch[];
  readonly keys: Map<string, { readonly body: string; readonly id: string }>;
}

const ranks: Readonly<Record<string, number>> = {
  validating: 0,
  in_progress: 1,
  finalizing: 2,
  cancelling: 2,
  completed: 3,
  cancelled: 3,
  failed: 3,
  expired: 3,
};

export function newBatch(id: string, lines: readonly LineKind[]): ModelBatch {
  const unseen = { ended: null, rank: 0, cancelAsked: false, paused: false, completed: 0 };
  return { id, lines, generation: 1, ...unseen, retries: new Set() };
}

/** Holds what was seen of a batch against the model, which learns from it. */
export function seeBatch(batch: ModelBatch, seen: SeenBatch): void {
  const say = (what: string): never => {
    throw new Error(`${what}: ${JSON.stringify(batch)} was seen as ${JSON.stringify(seen)}`);
  };
  const { status, request_counts: counts } = seen;
  const rank = ranks[status] ?? say('a status that there is not');
  const of = (kind: LineKind): number => batch.lines.filter((one) => one === kind).length;
  if (seen.generation !== batch.generation) say('another generation');
  if (batch.ended !== null && status !== batch.ended) say('it has come back from its end');
  if (rank < batch.rank) say('it has gone back');
  if (status.startsWith('cancel') && !batch.cancelAsked) say('nobody has asked to cancel it');
  if (status === 'failed' || status === 'expired') say('an end that it cannot come to');
  const known = counts.completed + counts.failed + counts.cancelled;
  // Cancelled before its lines were counted it has none.
  if (counts.total !== (seen.in_progress_at === null ? 0 : batch.lines.length))
    say('its lines are not those that were sent');
  if (known > counts.total) say('more lines have ended than there are');
  if (rank === 3 && known !== counts.total) say('it has ended before all of its lines');
  if (counts.completed < batch.completed) say('what was done is undone');
  if (counts.completed > of('good') + of('held')) say('a line is completed that cannot be');
  if (status === 'completed' && counts.failed !== of('refused') + of('bad')) say('other lines have failed than must');
  if (seen.paused_at !== null && !batch.paused) say('nobody has paused it');
  if (batch.paused && rank === 1 && seen.paused_at === null) say('it goes on by itself');
  batch.rank = rank;
  batch.completed = counts.completed;
  if (rank === 3) batch.ended = status;
}

/** A retry was taken. */
export function batchAgain(batch: ModelBatch): void {
  batch.generation += 1;
  batch.ended = null;
  // One that was cancelled before its lines were counted is validated first.
  batch.rank = 0;
  batch.cancelAsked = false;
  batch.paused = false;
}
