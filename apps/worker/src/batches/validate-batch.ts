import { PassThrough, type Readable } from 'node:stream';
import { once } from 'node:events';
import { indexEvery } from '@rendermill/shared/adapters/redis/batch-ledger';
import { maxBatchLines, type Batch, type BatchFault } from '@rendermill/shared/domain/batch';
import { batchEvent } from '@rendermill/shared/domain/batch-events';
import { readLine } from '@rendermill/shared/domain/batch-line';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { batchKey, mayRead } from '@rendermill/shared/domain/object-keys';
import { StorageError } from '@rendermill/shared/ports/storage';
import type { WorkerDeps } from '../deps.js';
import { keepStoring } from '../use-cases/keep-storing.js';
import { catalogueInput } from './catalogue-input.js';
import { saveBatch } from './save-batch.js';
import { SeenIds } from '@rendermill/shared/streams/seen-ids';
import { checkEmptyLines, maxLineBytes, splitLines, type RawLine } from '@rendermill/shared/streams/split-lines';

/** So many faults are listed; a file that has more has one kind of fault. */
const maxFaults = 100;

/** What reading a batch's input through once has shown. */
interface Validated {
  readonly total: number;
  /** Byte offsets in `input.jsonl` of every {@link indexEvery}th line. */
  readonly index: readonly number[];
  readonly faults: readonly BatchFault[];
}

/**
 * Reads a batch's input once, whatever its form, and leaves it as `input.jsonl`, a line for each job to be; then the batch
 * runs, or fails with every fault of structure named. Done again after a crash it comes to the same.
 */
export async function validateBatch(deps: WorkerDeps, batch: Batch): Promise<void> {
  const validated = await validatedFromStore(deps, batch).catch(unusable);
  const { total, index, faults } = validated;
  const failed = faults.length > 0;
  const event = batchEvent(
    { ...batch, total, status: failed ? 'failed' : 'in_progress', errors: faults },
    failed ? 'batch.failed' : 'batch.in_progress',
  );
  const told = failed
    ? await deps.batches.fail(batch, total, faults, event)
    : await deps.batches.begin(batch, total, index, event);
  if (!told) return;
  deps.log.info({ batch: batch.id, project: batch.project, lines: total, faults: faults.length }, 'batch.validated');
  const ended = failed ? await deps.batchStore.get(batch.project, batch.id) : null;
  if (ended) await keepStoring(deps, batch.id, async () => saveBatch(deps, ended));
}

/** The store does not give it, or it is no catalogue that anybody can read: the batch's own fault. */
function unusable(error: unknown): Validated {
  const faulty = (code: string, message: string, param: string | null): Validated => ({
    total: 0,
    index: [],
    faults: [{ code, message, param, line: null }],
  });
  if (error instanceof RendermillError) return faulty(error.code, error.message, error.param);
  if (!(error instanceof StorageError)) throw error;
  return faulty('input_unreadable', `The input cannot be read: ${error.message}.`, 'input_file_id');
}

async function validatedFromStore(deps: WorkerDeps, batch: Batch): Promise<Validated> {
  const { project, source } = batch;
  // Asked for again where it is read: no batch gets another project's lines, whatever its record says.
  if (source.kind !== 'requests' && !mayRead(project, source.key))
    throw new StorageError('denied', `${source.key} is not of the project ${project}`);
  return keepStoring(deps, batch.id, async () => validate(deps, batch));
}

async function validate(deps: WorkerDeps, batch: Batch): Promise<Validated> {
  const key = batchKey(batch, 'input.jsonl');
  if (batch.source.kind === 'requests') return readThrough(deps, batch, linesOf(await open(deps, key)), null);
  const lines =
    batch.source.kind === 'csv'
      ? catalogueInput(await open(deps, batch.source.key), batch, batch.source.options)
      : linesOf(await open(deps, batch.source.key));
  const copy = new PassThrough({ highWaterMark: 1024 * 1024 });
  // What goes wrong is thrown below. The store may not be listening yet: an error that nobody hears ends the process.
  copy.on('error', () => undefined);
  const stored = deps.storage.put(key, copy, 'application/jsonl');
  // Heard below; it may fail long before it is waited for.
  stored.catch((error: unknown) => copy.destroy(error as Error));
  try {
    const validated = await readThrough(deps, batch, lines, copy);
    copy.end();
    await stored;
    return validated;
  } catch (error) {
    copy.destroy(error as Error);
    // Said by `error` already: it ended the copy, or was ended by it.
    await stored.catch(() => undefined);
    throw error;
  }
}

async function open(deps: WorkerDeps, key: string): Promise<Readable> {
  const object = await deps.storage.get(key);
  if (!object) throw new StorageError('denied', `${key} is gone from the store`);
  return object.body;
}

/** A line to be, or what is wrong with it. */
export interface InputLine {
  /** Where it stands in the input: from 1. */
  readonly number: number;
  readonly bytes: Buffer | null;
}

/** Lots of lines; those that are empty are none. */
async function* linesOf(source: Readable): AsyncGenerator<InputLine[]> {
  let number = 0;
  let empty = 0;
  for await (const lines of splitLines(source as AsyncIterable<Buffer>)) {
    const full = lines
      .map(({ bytes }: RawLine) => ({ number: ++number, bytes }))
      .filter(({ bytes }) => bytes === null || bytes.some((byte) => byte > 0x20));
    empty += lines.length - full.length;
    checkEmptyLines(empty);
    yield full;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lineEnd = Buffer.from('\n');

async function readThrough(
  deps: WorkerDeps,
  batch: Batch,
  lots: AsyncIterable<InputLine[]>,
  copy: PassThrough | null,
): Promise<Validated> {
  const seen = new SeenIds();
  const faults: BatchFault[] = [];
  const repeats = new Map<string, number>();
  const index: number[] = [];
  let total = 0;
  let offset = 0;
  for await (const lines of lots) {
    const pieces: Buffer[] = [];
    for (const { number, bytes } of lines) {
      if (total % indexEvery === 0) index.push(offset);
      total++;
      const found = check(bytes, batch);
      if ('code' in found) faults.push({ ...found, line: number });
      // A catalogue's repeats are rows that say so, by now.
      else if (batch.source.kind !== 'csv' && seen.add(found.custom_id, number) !== null)
        repeats.set(found.custom_id, number);
      if (bytes) {
        pieces.push(bytes, lineEnd);
        offset += bytes.length + 1;
      }
    }
    if (total > maxBatchLines || faults.length >= maxFaults || repeats.size >= maxFaults) break;
    // A copy that has failed makes no more room.
    if (copy?.errored) throw copy.errored;
    if (copy && pieces.length > 0 && !copy.write(Buffer.concat(pieces))) await once(copy, 'drain');
    if (deps.interrupted.aborted) throw new Error('interrupted');
  }
  if (total === 0) faults.push(whole('empty_file', 'The input has no lines.'));
  if (total > maxBatchLines)
    faults.push(whole('too_many_lines', `A batch has at most ${maxBatchLines.toLocaleString('en')} lines.`));
  for (const [custom_id, line] of repeats) {
    faults.push({
      code: 'duplicate_custom_id',
      message: `custom_id '${custom_id}' stands in more than one line: each is unique in its batch.`,
      param: 'custom_id',
      line,
    });
  }
  return { total, index, faults: faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)).slice(0, maxFaults) };
}

function check(bytes: Buffer | null, batch: Batch): { readonly custom_id: string } | Omit<BatchFault, 'line'> {
  if (!bytes) {
    const message = `A line has at most ${maxLineBytes / 1024 ** 2} MB: give its images as URLs or file ids.`;
    return { code: 'line_too_long', message, param: null };
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { code: 'invalid_utf8', message: 'This line is not UTF-8.', param: null };
  }
  return readLine(text, batch.endpoint);
}

function whole(code: string, message: string): BatchFault {
  return { code, message, param: null, line: null };
}
