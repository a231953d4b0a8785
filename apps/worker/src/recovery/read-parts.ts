import type { BatchPart } from '@rendermill/shared/adapters/redis/batch-store';
import { partRecords } from '@rendermill/shared/batches/log';
import { newId } from '@rendermill/shared/domain/ids';
import { lineState, type BatchSpec, type LineRecord } from '@rendermill/shared/domain/batch';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import type { Books } from './books.js';
import type { RecoveryDeps } from './deps.js';

/** What a line came to in its last generation. */
export interface LastRecord {
  readonly code: string | null;
  readonly images: readonly unknown[];
}

/** The log of a batch's ended lines, as its parts tell it. */
export interface ReadParts {
  readonly parts: readonly BatchPart[];
  /** By line: its state, `waiting` where no record tells of it. */
  readonly states: Uint8Array;
  /** By line: the generation of its last record. */
  readonly generations: Uint16Array;
  /** Lines that came to nothing in a generation before the present one. */
  readonly older: ReadonlyMap<number, LastRecord>;
}

/** Where a record stands. */
interface Place {
  readonly part: number;
  readonly row: number;
}

/**
 * Reads all parts. Which of them a script had told of is lost with Redis, and a leader that was replaced may have written
 * records once more: of those of one line and generation one stays, the first, or one that is completed before all. A part with
 * repeats is written anew without them.
 */
export async function readParts(
  deps: RecoveryDeps,
  spec: BatchSpec,
  total: number,
  generation: number,
  books: Books,
): Promise<ReadParts> {
  const states = new Uint8Array(total + 1);
  const generations = new Uint16Array(total + 1);
  const older = new Map<number, LastRecord>();
  const partOf = new Int32Array(total + 1);
  const rowOf = new Int32Array(total + 1);
  const repeats = new Map<number, Set<number>>();
  const drop = ({ part, row }: Place): void => void repeats.set(part, (repeats.get(part) ?? new Set()).add(row));
  const parts: BatchPart[] = [];
  for await (const { key } of deps.storage.list(batchKey(spec, 'parts/'))) {
    const name = key.slice(batchKey(spec, '').length);
    const part = parts.length;
    const seen: Span = newSpan();
    let row = 0;
    for await (const record of partRecords(deps, spec, { name })) {
      const place = { part, row: row++ };
      const { line } = record;
      if (line < 1 || line > total) throw new Error(`${key} tells of line ${line}; the batch has ${total}`);
      const before = generations[line] ?? 0;
      const repeated = before === record.generation;
      const better = repeated && record.status === 'completed' && states[line] !== lineState.completed;
      if (record.generation < before || (repeated && !better)) {
        drop(place);
        continue;
      }
      if (repeated) drop({ part: partOf[line] ?? 0, row: rowOf[line] ?? 0 });
      else books.add(record);
      widen(seen, record);
      [partOf[line], rowOf[line]] = [place.part, place.row];
      generations[line] = record.generation;
      states[line] = lineState[record.status];
      note(older, record, generation);
    }
    parts.push({ name, records: row, generation: seen.generation, lines: [seen.first, seen.last] });
  }
  const clean = await Promise.all(
    parts.map(async (part, i) => withoutRepeats(deps, spec, part, repeats.get(i) ?? new Set())),
  );
  return { parts: clean.filter((part) => part !== null), states, generations, older };
}

interface Span {
  first: number;
  last: number;
  generation: number;
}

const newSpan = (): Span => ({ first: Infinity, last: 0, generation: 1 });

function widen(span: Span, { line, generation }: LineRecord): void {
  span.first = Math.min(span.first, line);
  span.last = Math.max(span.last, line);
  span.generation = Math.max(span.generation, generation);
}

/** Kept for the lines that a retry may be for. */
function note(older: Map<number, LastRecord>, record: LineRecord, generation: number): void {
  if (record.generation >= generation || record.status === 'completed') {
    older.delete(record.line);
    return;
  }
  const { images = [] } = (record.job ?? {}) as Partial<PresentedJob>;
  older.set(record.line, { code: record.error?.code ?? null, images });
}

/** Null where nothing else was in it. */
async function withoutRepeats(
  deps: RecoveryDeps,
  spec: BatchSpec,
  part: BatchPart,
  repeats: ReadonlySet<number>,
): Promise<BatchPart | null> {
  if (repeats.size === 0) return part;
  if (repeats.size === part.records) return null;
  const rows: string[] = [];
  const span = newSpan();
  let row = 0;
  for await (const record of partRecords(deps, spec, part)) {
    if (repeats.has(row++)) continue;
    rows.push(JSON.stringify(record));
    widen(span, record);
  }
  // By its time the old one's name says where in the log it belongs.
  const written = part.name.replace(/-[^-]*$/, '');
  const name = `${written}-${newId('prt')}.jsonl`;
  await deps.storage.put(batchKey(spec, name), Buffer.from(`${rows.join('\n')}\n`), 'application/jsonl');
  return { name, records: rows.length, generation: span.generation, lines: [span.first, span.last] };
}
