import type { BatchEndpoint } from '@rendermill/shared/domain/batch';
import { catalogueLines } from '@rendermill/shared/catalogue/catalogue-lines';
import type { CatalogueOptions } from '@rendermill/shared/catalogue/options';
import { lineOf, readLine, type Line, type LineFault } from '@rendermill/shared/domain/batch-line';
import type { ReadObject } from '@rendermill/shared/ports/storage';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { checkEmptyLines, maxLineBytes, splitLines } from '@rendermill/shared/streams/split-lines';
import type { ApiDeps } from '../deps.js';
import type { GivenLines } from './batch-source.js';

/** A line of a batch that is not submitted (yet). */
export interface InputLine {
  /** From 1. */
  readonly number: number;
  readonly line: Line | LineFault;
  /** How much of the input is read with it: 0 to 1. */
  readonly share: number;
}

/**
 * A batch's lines, read as they lie: what is held is a chunk of the file and 24 bytes of each id. Faults are for the
 * caller; `skipped` hears of each row of a catalogue that makes no line.
 */
export async function* inputLines(
  deps: Pick<ApiDeps, 'files'>,
  given: GivenLines,
  endpoint: BatchEndpoint | null,
  skipped?: () => void,
): AsyncGenerator<InputLine> {
  if (given.kind === 'requests') {
    const { lines } = given;
    for (const [i, line] of lines.entries()) yield { number: i + 1, line, share: (i + 1) / lines.length };
    return;
  }
  const object = await deps.files.open(given.file);
  if (!object) {
    const param = 'input_file_id';
    throw new RendermillError('file_not_found', `${param}: the bytes of this file are gone.`, { param });
  }
  if (given.kind === 'csv') {
    yield* rows(object, given.options, endpoint, skipped);
    return;
  }
  let number = 0;
  let empty = 0;
  for await (const lines of splitLines(object.body as AsyncIterable<Buffer>)) {
    for (const { bytes, next } of lines) {
      number++;
      if (bytes && !bytes.some((byte) => byte > 0x20)) {
        checkEmptyLines(++empty);
        continue;
      }
      yield { number, line: parse(bytes, endpoint), share: next / object.facts.bytes };
    }
  }
}

async function* rows(
  { body, facts }: ReadObject,
  options: CatalogueOptions,
  endpoint: BatchEndpoint | null,
  skipped?: () => void,
): AsyncGenerator<InputLine> {
  let read = 0;
  body.on('data', (chunk: Buffer) => (read += chunk.length)).pause();
  for await (const { row, ...line } of catalogueLines(body, options, endpoint, skipped))
    yield { number: row, line: lineOf(line, endpoint, true), share: Math.min(1, read / facts.bytes) };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parse(bytes: Buffer | null, endpoint: BatchEndpoint | null): Line | LineFault {
  if (!bytes) return noJson(`A line has at most ${maxLineBytes / 1024 ** 2} MB.`);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return noJson('This line is not UTF-8.');
  }
  return readLine(text, endpoint);
}

const noJson = (message: string): LineFault => ({ code: 'invalid_json_line', message, param: null });
