import { parse } from 'csv-parse/sync';
import type { CutRecord } from './cut-records.js';

/**
 * Cells of records. Those with quotes are read by csv-parse, all of a piece at once, since a call costs more than a
 * record; a record without quotes is the text between its delimiters.
 */
export function cellsOf(records: readonly CutRecord[], delimiter: string): string[][] {
  const quoted = records.filter((record) => record.quoted).map((record) => record.text);
  const parsed = parseQuoted(quoted, delimiter);
  let next = 0;
  return records.map((record) => {
    if (!record.quoted) return record.text.split(delimiter);
    const cells = parsed[next] ?? [];
    next += 1;
    return cells;
  });
}

function parseQuoted(texts: readonly string[], delimiter: string): string[][] {
  if (texts.length === 0) return [];
  const records = read(texts.join('\n'), delimiter);
  if (records.length === texts.length) return records;
  // Never seen: the cutter and csv-parse hold to the same rules. If they did not, no row may take another's cells.
  return texts.map((text) => {
    const alone = read(text, delimiter);
    return alone.length === 1 && alone[0] ? alone[0] : [];
  });
}

function read(text: string, delimiter: string): string[][] {
  return parse(text, {
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_quotes: true,
    relax_column_count: true,
  });
}
