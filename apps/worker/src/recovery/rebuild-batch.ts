import type { RestoredBatch, RestoredJob } from '@rendermill/shared/adapters/redis/recovery-store';
import { isEnded, lineJobId, lineState, type Batch, type BatchSpec } from '@rendermill/shared/domain/batch';
import type { BatchDocument, BatchState } from '@rendermill/shared/domain/batch-document';
import { LineReader, maxTextAtOnce, type NextLine } from '../batches/line-reader.js';
import { Books } from './books.js';
import type { RecoveryDeps } from './deps.js';
import type { Journals } from './journals.js';
import { keysByLine, linesIn, rebuildLine } from './loose-lines.js';
import { readInput } from './read-input.js';
import { readParts, type ReadParts } from './read-parts.js';
import { SideBySide } from './side-by-side.js';

/** A batch as it is to be again, and how many of its lines were found in which way. */
export interface RebuiltBatch {
  readonly restored: RestoredBatch;
  readonly how: 'ended' | 'running' | 'validating';
  readonly lines: LineCounts;
}

export interface LineCounts {
  /** Their records are there. */
  readonly done: number;
  /** Their records were made again, from their pictures. */
  readonly rebuilt: number;
  /** They go on from what is stored, paid, or may have been paid. */
  readonly resumed: number;
  /** They are to be rendered. */
  readonly left: number;
}

/** Lines rebuilt side by side. */
const linesAtOnce = 8;

const none: LineCounts = { done: 0, rebuilt: 0, resumed: 0, left: 0 };

export async function rebuildBatch(
  deps: RecoveryDeps,
  { spec, state }: BatchDocument,
  journals: Journals,
): Promise<RebuiltBatch> {
  if (state && isEnded(state.status)) return rebuildEnded(deps, spec, state);
  const input = await readInput(deps, spec);
  if (!input) return validating(spec, state);
  return rebuildRunning(deps, spec, state, input, journals);
}

function freshBatch(spec: BatchSpec, state: BatchState | null): Batch {
  const { status, generation, paused_at, times, rest, rest_kept, errors } = state ?? {
    status: 'validating',
    generation: 1,
    paused_at: null,
    times: {},
    rest: null,
    rest_kept: false,
    errors: [],
  };
  const { cost, usage } = new Books();
  return {
    ...spec,
    generation,
    paused_at,
    rest,
    rest_kept,
    errors,
    cost,
    usage,
    status: status === 'cancelling' ? status : 'validating',
    times: { validating: spec.created_at, ...times },
    total: 0,
    cursor: 0,
    offset: 0,
    gaps: 0,
    open: 0,
    again: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    retry: null,
    output_file_id: null,
    error_file_id: null,
    model: null,
    pace: [],
    unflushed_since: null,
    version: 1,
  };
}

/** What most have nothing of. */
const bare = { left: 0, leftFailed: 0, index: [], parts: [], results: [], jobs: [] };

/** Nothing of it was begun: its input is read again, which comes to the same. */
function validating(spec: BatchSpec, state: BatchState | null): RebuiltBatch {
  const batch = freshBatch(spec, state);
  const restored = { ...bare, batch, states: Buffer.alloc(0), kept: new Map<number, string>() };
  return { restored, how: 'validating', lines: none };
}

async function rebuildEnded(deps: RecoveryDeps, spec: BatchSpec, state: BatchState): Promise<RebuiltBatch> {
  const { index, files: _files, retry, ...stood } = state;
  const read = await readParts(deps, spec, state.total, state.generation, new Books());
  const done = countOf(read.states, (one) => one !== lineState.waiting);
  // Lines of a retry that it did not come to are found by the next.
  const kept = state.again > 0 ? waitAgain(read, retry) : new Map<number, readonly unknown[]>();
  const left = state.status === 'failed' ? 0 : state.total - done + kept.size;
  const restored = {
    ...bare,
    batch: { ...freshBatch(spec, state), ...stood },
    left,
    leftFailed: state.status === 'cancelled' ? kept.size : left,
    states: packed(read.states),
    index,
    parts: read.parts,
    kept: keptRows(kept),
  };
  return { restored, how: 'ended', lines: { ...none, done } };
}

async function rebuildRunning(
  deps: RecoveryDeps,
  spec: BatchSpec,
  state: BatchState | null,
  { total, index }: { readonly total: number; readonly index: readonly number[] },
  journals: Journals,
): Promise<RebuiltBatch> {
  const books = new Books();
  const fresh: Batch = { ...freshBatch(spec, state), total };
  const read = await readParts(deps, spec, total, fresh.generation, books);
  const kept = waitAgain(read, state?.retry ?? null);
  const { states } = read;
  const done = countOf(states, (one) => one !== lineState.waiting && one !== lineState.again);

  const loose = (line: number): boolean => states[line] === lineState.waiting || states[line] === lineState.again;
  const keys = await keysByLine(deps, spec, loose);
  const begun = new Set([...keys.keys(), ...linesIn(journals, spec.id)].filter((line) => line <= total && loose(line)));
  const reader = new LineReader(deps);
  const results: string[] = [];
  const jobs: RestoredJob[] = [];
  const rebuild = async (next: NextLine): Promise<void> => {
    const { line } = next;
    const open = journals.attempts.get(lineJobId(spec.id, line)) ?? [];
    const found = await rebuildLine(deps, fresh, next, keys.get(line) ?? [], open);
    if (!found) return;
    kept.delete(line);
    if ('record' in found) {
      results.push(JSON.stringify(found.record));
      books.add(found.record);
      states[line] = lineState.completed;
    } else {
      jobs.push(found.job);
      books.open(found.job.job);
      states[line] = lineState.open;
    }
  };
  const sideBySide = new SideBySide(linesAtOnce);
  for (const line of [...begun].sort((a, b) => a - b)) {
    const next = await reader.at(fresh, line, index);
    // The longest line alone is as much as all of them may be.
    await sideBySide.start(async () => rebuild(next), Math.ceil((linesAtOnce * next.text.length) / maxTextAtOnce) || 1);
  }
  await sideBySide.end();
  if (done + begun.size === 0 && fresh.generation === 1) return validating(spec, state);

  const cursor = waitsFrom(states) - 1;
  const offset = cursor === 0 ? 0 : (await reader.at(fresh, cursor, index)).next;
  const batch: Batch = {
    ...fresh,
    status: fresh.status === 'cancelling' ? 'cancelling' : 'in_progress',
    times: { in_progress: Date.now(), ...fresh.times },
    cursor,
    offset,
    gaps: lastBegun(states, cursor),
    open: jobs.length,
    again: kept.size,
    completed: countOf(states, (one) => one === lineState.completed),
    failed: countOf(states, (one) => one === lineState.failed || one === lineState.expired),
    cancelled: countOf(states, (one) => one === lineState.cancelled),
    cost: books.cost,
    usage: books.usage,
    model: books.model,
  };
  const left = total - done - results.length - jobs.length;
  const beside = { states: packed(states), index, parts: read.parts, results, kept: keptRows(kept), jobs };
  const restored = { ...bare, batch, ...beside };
  return { restored, how: 'running', lines: { done, rebuilt: results.length, resumed: jobs.length, left } };
}

/** Marks the lines that a retry is for and that it has not come to: their images. */
function waitAgain({ states, older }: ReadParts, retry: string | null): Map<number, readonly unknown[]> {
  const kept = new Map<number, readonly unknown[]>();
  if (retry === null) return kept;
  for (const [line, { code, images }] of older) {
    if (retry !== '' && retry !== code) continue;
    states[line] = lineState.again;
    kept.set(line, images);
  }
  return kept;
}

function keptRows(kept: ReadonlyMap<number, readonly unknown[]>): Map<number, string> {
  return new Map([...kept].flatMap(([line, images]) => (images.length > 0 ? [[line, JSON.stringify(images)]] : [])));
}

/** The first line that waits for its turn; the one behind the last where none does. */
function waitsFrom(states: Uint8Array): number {
  const found = states.indexOf(lineState.waiting, 1);
  return found === -1 ? states.length : found;
}

function lastBegun(states: Uint8Array, cursor: number): number {
  const last = states.findLastIndex((state, line) => line > cursor && state !== lineState.waiting);
  return last === -1 ? 0 : last;
}

function countOf(states: Uint8Array, which: (state: number) => boolean): number {
  let count = 0;
  for (let line = 1; line < states.length; line++) if (which(states[line] ?? 0)) count++;
  return count;
}

/** Four bits a line, the first of two in the upper half. */
function packed(states: Uint8Array): Buffer {
  const bytes = Buffer.alloc(states.length >> 1);
  for (let line = 1; line < states.length; line++) {
    const at = (line - 1) >> 1;
    bytes[at] = (bytes[at] ?? 0) | ((states[line] ?? 0) << ((line & 1) === 1 ? 4 : 0));
  }
  return bytes;
}
