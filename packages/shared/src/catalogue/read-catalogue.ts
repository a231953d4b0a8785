import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RendermillError, type ErrorBody } from '../domain/errors.js';
import { compileTemplate, type CompiledTemplate } from './compile-template.js';
import { decodePieces } from './decode.js';
import { encodingOf } from './encodings.js';
import { csvError } from './csv-error.js';
import { examineHead, headBytes, type Examined } from './examine-head.js';
import { RowFolder, single, type RowGroup } from './group-rows.js';
import { columnAt } from './header.js';
import type { CatalogueOptions } from './options.js';
import { readRows, type Rows } from './read-rows.js';
import { renderBody } from './render-body.js';

/** What a row (with `group_by`, the rows of one product; the first one's number) comes to. Rows count from 1. */
export type CatalogueLine =
  /** A job's body, strings where Liquid gave strings: `coerceScalars`, then the job's schema. */
  | { readonly row: number; readonly custom_id: string; readonly body: Record<string, unknown> }
  | { readonly row: number; readonly custom_id: string | null; readonly error: ErrorBody }
  | { readonly row: number; readonly skipped: true };

/** How long rows are made before others in this process have their turn, in milliseconds. */
const turn = 20;

const pieceBytes = 65_536;

/** Rows that may run into a limit of the template before it is given up: each may take a second. */
const maxLimited = 20;

/**
 * Reads a catalogue: bytes of a CSV file to jobs' bodies, row by row, in memory that does not grow with the file.
 * Throws a RendermillError where the whole file or the template cannot be used, mostly before the first row; a row
 * that cannot be used is a line that says why. The same `custom_id` may come twice: that is the caller's to find.
 */
export async function* readCatalogue(source: Readable, options: CatalogueOptions): AsyncGenerator<CatalogueLine> {
  try {
    const { examined, chunks } = await openSource(source, options);
    const pieces = decodePieces(chunks, examined.encoding);
    const rows = await readRows(pieces, examined.encoding, options.csv?.delimiter);
    const template = compileTemplate(options.template, rows.header);
    const limited = { count: 0 };
    let started = performance.now();
    for await (const groups of groupsOf(rows, options.group_by)) {
      for (const group of groups) {
        yield lineOf(template, group, limited);
        if (performance.now() - started < turn) continue;
        await nextTurn();
        started = performance.now();
      }
    }
  } finally {
    source.destroy();
  }
}

function lineOf(template: CompiledTemplate, group: RowGroup, limited: { count: number }): CatalogueLine {
  const { row, fault } = group;
  if (fault) return { row, custom_id: null, error: fault };
  const rendered = renderBody(template, group);
  if (rendered.kind === 'skipped') return { row, skipped: true };
  if (rendered.kind === 'body') return { row, custom_id: rendered.customId, body: rendered.body };
  limited.count += rendered.limit ? 1 : 0;
  if (limited.count > maxLimited) {
    const message = `The template takes too much: ${rendered.error.message}`;
    throw new RendermillError('invalid_parameter', message, { param: 'template' });
  }
  return { row, custom_id: rendered.customId, error: rendered.error };
}

async function* groupsOf({ header, rows }: Rows, groupBy: string | undefined): AsyncGenerator<readonly RowGroup[]> {
  if (groupBy === undefined) {
    for await (const some of rows) yield some.map(single);
    return;
  }
  const folder = new RowFolder(columnAt(header, groupBy, 'group_by'), groupBy);
  for await (const some of rows) yield some.flatMap((row) => folder.push(row));
  yield folder.end();
}

/** Looks at the first bytes, and answers all bytes after the byte order mark. */
async function openSource(
  source: Readable,
  options: CatalogueOptions,
): Promise<{ examined: Examined; chunks: AsyncGenerator<Buffer> }> {
  const given = options.csv?.encoding === undefined ? null : encodingOf(options.csv.encoding);
  const bytes = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const start: Buffer[] = [];
  let length = 0;
  let whole = false;
  while (length < headBytes && !whole) {
    const next = await bytes.next();
    whole = next.done === true;
    if (next.done) break;
    start.push(next.value);
    length += next.value.length;
  }
  const head = Buffer.concat(start);
  const examined = examineHead(head, whole, given);
  if (head.length === examined.skip) throw csvError('The file is empty: it needs a header and rows.');
  async function* chunks(): AsyncGenerator<Buffer> {
    // In pieces like those that follow: what comes at once is read at once, and holds up others in this process.
    for (let at = examined.skip; at < head.length; at += pieceBytes) yield head.subarray(at, at + pieceBytes);
    for (let next = await bytes.next(); !next.done; next = await bytes.next()) yield next.value;
  }
  return { examined, chunks: chunks() };
}
