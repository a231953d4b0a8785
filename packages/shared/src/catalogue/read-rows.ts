import { errorBodyOf, type ErrorBody } from '../domain/errors.js';
import { cellsOf } from './cells.js';
import { maxRowBytes, RecordCutter, type CutRecord } from './cut-records.js';
import { markedByte } from './decode.js';
import type { Encoding } from './encodings.js';
import { csvError } from './csv-error.js';
import { findDelimiter, separatorLine } from './find-delimiter.js';
import { readHeader, type Header } from './header.js';

/** One record under the header. */
export interface Row {
  /** From 1, the header and empty lines not counted. */
  readonly row: number;
  /** The line of the file on which it begins, from 1. */
  readonly line: number;
  /** Cells under the header's columns; of a row with a fault those that could be read. */
  readonly cells: readonly string[];
  readonly fault: ErrorBody | null;
}

export interface Rows {
  readonly header: Header;
  readonly rows: AsyncIterable<readonly Row[]>;
}

const recordsAtOnce = 500;

export const maxCellBytes = 1024 * 1024;

/** Reads header and rows of a text that comes in pieces, the first of which has the header. Rows come a piece at a time. */
export async function readRows(
  pieces: AsyncIterator<string>,
  encoding: Encoding,
  givenDelimiter: string | undefined,
): Promise<Rows> {
  const start = await pieces.next();
  let first = start.done ? '' : start.value;
  const separator = separatorLine(first);
  if (separator) first = first.slice(separator.length);
  const delimiter = givenDelimiter ?? separator?.delimiter ?? findDelimiter(first);
  const cutter = new RecordCutter(delimiter, separator ? 2 : 1);
  const records = await untilHeader(cutter, first, pieces);
  const at = records.findIndex((record) => record.text.trim() !== '' || record.fault);
  const top = records[at];
  if (!top) throw csvError('The file is empty: it needs a header and rows.');
  if (top.fault) throw csvError(`The header (line ${top.line}) cannot be read: ${cutFault(top)}`);
  const header = readHeader(cellsOf([top], delimiter)[0] ?? [], top.line);
  const reader = new RowReader(header, delimiter, encoding);
  return { header, rows: eachPiece(reader, records.slice(at + 1), cutter, pieces) };
}

/** The first records; more than one piece is read only where the header ends in a later one. */
async function untilHeader(cutter: RecordCutter, first: string, pieces: AsyncIterator<string>): Promise<CutRecord[]> {
  const records = cutter.push(first);
  while (!records.some((record) => record.text.trim() !== '' || record.fault)) {
    const next = await pieces.next();
    records.push(...(next.done ? cutter.end() : cutter.push(next.value)));
    if (next.done) break;
  }
  return records;
}

async function* eachPiece(
  reader: RowReader,
  first: readonly CutRecord[],
  cutter: RecordCutter,
  pieces: AsyncIterator<string>,
): AsyncGenerator<readonly Row[]> {
  yield* inParts(reader, first);
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    yield* inParts(reader, cutter.push(next.value));
  }
  yield* inParts(reader, cutter.end());
}

/** A quote that is closed late, or never, sets free megabytes of records at once. */
function* inParts(reader: RowReader, records: readonly CutRecord[]): Generator<readonly Row[]> {
  for (let at = 0; at < records.length; at += recordsAtOnce) yield reader.read(records.slice(at, at + recordsAtOnce));
}

function cutFault(record: CutRecord): string {
  return record.fault?.kind === 'too_large'
    ? `it is longer than ${maxRowBytes / 1024 / 1024} MB.`
    : 'a quote begins a cell and is not closed before a delimiter or line end. Close it, or write it twice.';
}

function larger(text: string, bytes: number): boolean {
  return text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text) > bytes);
}

/** What is in the place of text that is none while csv-parse reads it: a noncharacter. */
const placeholder = '\ufdd0';
const noText = /\p{Surrogate}|\0/gu;

class RowReader {
  readonly #header: Header;
  readonly #delimiter: string;
  readonly #encoding: Encoding;
  #row = 0;

  constructor(header: Header, delimiter: string, encoding: Encoding) {
    this.#header = header;
    this.#delimiter = delimiter;
    this.#encoding = encoding;
  }

  read(records: readonly CutRecord[]): Row[] {
    const cells = cellsOf(records.map(readable), this.#delimiter);
    const rows: Row[] = [];
    records.forEach((record, at) => {
      const row = this.#rowOf(record, cells[at] ?? []);
      if (row) rows.push(row);
    });
    return rows;
  }

  #rowOf(record: CutRecord, cells: readonly string[]): Row | null {
    const { line } = record;
    // A row of empty cells, as Excel writes them below a table, is an empty line.
    if (!record.fault && cells.every((cell) => cell.trim() === '')) return null;
    this.#row += 1;
    const fault = this.#faultOf(record, cells);
    if (fault === null) return { row: this.#row, line, cells: cells.slice(0, this.#header.columns.length), fault };
    const where = `Row ${this.#row} (line ${line})${fault.param === null ? '' : `, column ${JSON.stringify(fault.param)}`}`;
    return {
      row: this.#row,
      line,
      cells,
      fault: errorBodyOf('invalid_csv', `${where}: ${fault.message}`, fault.param),
    };
  }

  #faultOf(record: CutRecord, cells: readonly string[]): { message: string; param: string | null } | null {
    const columns = this.#header.columns;
    const named = (at: number): string => columns[at] || `number ${at + 1}`;
    if (record.fault) {
      const at = record.fault.before === null ? 0 : cells.length;
      return { message: cutFault(record), param: record.fault.kind === 'unclosed' ? named(at) : null };
    }
    if (larger(record.text, maxRowBytes)) return { message: `it is longer than 4 MB.`, param: null };
    const none = record.text.match(noText);
    if (none)
      return { message: this.#notText(none), param: named(cells.findIndex((cell) => cell.includes(placeholder))) };
    if (cells.length < columns.length || cells.slice(columns.length).some((cell) => cell.trim() !== '')) {
      const many = cells.length === 1 ? '1 cell' : `${cells.length} cells`;
      return {
        message: `it has ${many} under ${columns.length} columns. Quote cells with delimiters or line breaks in them; an empty cell needs its delimiter too.`,
        param: null,
      };
    }
    const large = cells.findIndex((cell) => larger(cell, maxCellBytes));
    return large === -1 ? null : { message: 'the cell is longer than 1 MB.', param: named(large) };
  }

  #notText(marks: readonly string[]): string {
    if (marks[0] === '\0') return 'it has a zero byte, which is no text.';
    const bytes = marks.flatMap((mark) => {
      const byte = markedByte(mark);
      return byte === null ? [] : [`0x${byte.toString(16).toUpperCase()}`];
    });
    const what =
      bytes.length === 0 ? 'bytes' : `${bytes.length === 1 ? 'byte' : 'bytes'} ${bytes.slice(0, 8).join(' ')}`;
    return `it has ${what} not of ${this.#encoding}. Mend the cell, or say in csv.encoding what the whole file is.`;
  }
}

/** What of the record csv-parse may read: placeholders stand where it would silently replace what is no text. */
function readable(record: CutRecord): CutRecord {
  const text = record.fault ? (record.fault.before ?? '') : record.text;
  const good = text.isWellFormed() && !text.includes('\0');
  if (good && !record.fault) return record;
  return { ...record, text: good ? text : text.replaceAll(noText, placeholder), quoted: text.includes('"') };
}

/** A cell of a row with a fault, or null where it could not be read. */
export function readableCell(row: Row, at: number): string | null {
  const cell = row.cells[at];
  return cell === undefined || cell.includes(placeholder) ? null : cell;
}
