import pLimit from 'p-limit';
import { indexEvery } from '@rendermill/shared/adapters/redis/batch-ledger';
import type { LineState } from '@rendermill/shared/adapters/redis/batch-reader';
import { isEnded, lineJobId, lineState, type Batch, type LineRecord } from '@rendermill/shared/domain/batch';
import { readLine, type Line } from '@rendermill/shared/domain/batch-line';
import type { Job } from '@rendermill/shared/domain/job';
import { neverBegun } from '@rendermill/shared/domain/never-begun';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import { splitLines } from '@rendermill/shared/streams/split-lines';
import type { ApiDeps } from '../deps.js';
import { neverBegunRecord, openObject, partRecords } from './batch-records.js';

/** A line of a batch, from where it lies now. */
export type LineView =
  /** A job in the ledger. */
  | { readonly kind: 'job'; readonly line: number; readonly job: Job }
  /** Ended; `again`: and waits to be run again. */
  | { readonly kind: 'record'; readonly line: number; readonly record: LineRecord; readonly again: boolean }
  /** Not begun; what it says where reading it was cheap. */
  | { readonly kind: 'waiting'; readonly line: number; readonly input: Line | null };

type Deps = Pick<ApiDeps, 'jobs' | 'batchReader' | 'storage'>;

/**
 * These lines, in the order in which they are asked for. They move while they are read: from the ledger's jobs to its
 * records, and on to the parts; they are looked for in this order, so that none is missed.
 */
export async function readLines(deps: Deps, batch: Batch, wanted: ReadonlyMap<number, LineState>): Promise<LineView[]> {
  const views = new Map<number, LineView>();
  const lines = [...wanted.keys()];
  // A batch that ended before a line was run again leaves it as it was.
  const again = (line: number): boolean => wanted.get(line) === lineState.again && !isEnded(batch.status);
  const jobs = await deps.jobs.many(
    batch.project,
    lines.map((line) => lineJobId(batch.id, line)),
  );
  for (const [i, line] of lines.entries()) {
    const job = jobs[i];
    // The job of an earlier generation may be kept for what is unknown of it.
    if (job && !again(line)) views.set(line, { kind: 'job', line, job });
  }
  const left = (): number[] => lines.filter((line) => !views.has(line));
  const begun = left().filter((line) => line <= batch.cursor || wanted.get(line) !== lineState.waiting);
  for (const [line, record] of await recordsOf(deps, batch, begun)) {
    views.set(line, { kind: 'record', line, record, again: again(line) });
  }
  const end = neverBegun(batch);
  const inputs = await inputsOf(deps, batch, left());
  for (const line of left()) {
    const input = inputs.get(line) ?? null;
    if (!end) views.set(line, { kind: 'waiting', line, input });
    else {
      const record = neverBegunRecord(batch, line, input ?? { custom_id: '', url: '' }, end);
      views.set(line, { kind: 'record', line, record, again: false });
    }
  }
  return lines.flatMap((line) => views.get(line) ?? []);
}

/** The last record of each line, of those that the parts about these lines and the ledger have. */
async function recordsOf(deps: Deps, batch: Batch, lines: readonly number[]): Promise<Map<number, LineRecord>> {
  const found = new Map<number, LineRecord>();
  const moment = lines.length === 0 ? null : await deps.batchReader.moment(batch.id);
  if (!moment) return found;
  const wanted = new Set(lines);
  const near = moment.parts.filter(({ lines: [first, last] }) => lines.some((line) => line >= first && line <= last));
  const limit = pLimit(4);
  const read = near.map(async (part) =>
    limit(async () => {
      const records: LineRecord[] = [];
      for await (const record of partRecords(deps, batch, part)) if (wanted.has(record.line)) records.push(record);
      return records;
    }),
  );
  const results = moment.results.map((row) => JSON.parse(row) as LineRecord);
  for (const record of [...(await Promise.all(read)).flat(), ...results]) {
    if (wanted.has(record.line)) found.set(record.line, record);
  }
  return found;
}

/** What is read at most for what waiting lines say; lines of a usual size are found in far less. */
const maxReadBytes = 8 * 1024 ** 2;

/** What these lines say, by the index of their places; of a line that lies behind too much, nothing. */
async function inputsOf(deps: Deps, batch: Batch, lines: readonly number[]): Promise<Map<number, Line>> {
  const found = new Map<number, Line>();
  if (lines.length === 0) return found;
  const index = await deps.batchReader.index(batch.id);
  const blocks = new Map<number, number[]>();
  for (const line of lines) {
    const block = Math.floor((line - 1) / indexEvery);
    blocks.set(block, [...(blocks.get(block) ?? []), line]);
  }
  let room = maxReadBytes;
  for (const [block, members] of blocks) {
    let at = { line: block * indexEvery + 1, offset: index[block] };
    const first = Math.min(...members);
    if (batch.cursor + 1 > at.line && batch.cursor + 1 <= first) at = { line: batch.cursor + 1, offset: batch.offset };
    if (at.offset === undefined || room <= 0) continue;
    const range = { start: at.offset, end: at.offset + room - 1 };
    room -= await readUntil(deps, batch, { line: at.line, range }, new Set(members), found);
  }
  return found;
}

/** Answers how many bytes it read. */
async function readUntil(
  deps: Deps,
  batch: Batch,
  from: { readonly line: number; readonly range: { readonly start: number; readonly end: number } },
  wanted: Set<number>,
  found: Map<number, Line>,
): Promise<number> {
  const body = await openObject(deps, batchKey(batch, 'input.jsonl'), from.range);
  let { line } = from;
  let next = from.range.start;
  for await (const lines of splitLines(body, next)) {
    for (const raw of lines) {
      next = raw.next;
      if (wanted.delete(line) && raw.bytes) {
        const read = readLine(raw.bytes.toString(), batch.endpoint);
        // The last of a range may be cut.
        if (!('code' in read)) found.set(line, read);
      }
      line++;
      // Leaving the loop ends the read.
      if (wanted.size === 0) return next - from.range.start;
    }
  }
  return next - from.range.start;
}
