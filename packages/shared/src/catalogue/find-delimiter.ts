import { cellsOf } from './cells.js';
import { RecordCutter } from './cut-records.js';
import { csvError } from './csv-error.js';

const candidates = [',', ';', '\t', '|'] as const;
const names: Readonly<Record<string, string>> = { ',': 'a comma', ';': 'a semicolon', '\t': 'a tab', '|': 'a pipe' };

/** A header of one column: its lines are cells as they are, prompts with commas too. This character is in no text. */
const onlyColumn = '\u001f';

const sampleLength = 65_536;
const sampleRows = 50;

/** What a line `sep=;` before the header says, as Excel writes and reads it. */
export function separatorLine(text: string): { readonly delimiter: string; readonly length: number } | null {
  const found = /^"?sep=([^\r\n"])"?[;,\t|]*(\r\n|\n|\r)/i.exec(text);
  return found?.[1] ? { delimiter: found[1], length: found[0].length } : null;
}

/**
 * The delimiter of a file: of those in its header the one by which most of the next rows have as many cells as the
 * header; among equals the one that makes more columns. Where even that does not decide, it has to be given.
 */
export function findDelimiter(text: string): string {
  const sample = text.slice(0, sampleLength);
  const readings = candidates
    .map((delimiter) => reading(sample, delimiter))
    .filter(({ columns }) => columns > 1)
    .sort((a, b) => b.agree - a.agree || b.columns - a.columns);
  const [best, second] = readings;
  if (!best) return onlyColumn;
  if (second && second.agree === best.agree && second.columns === best.columns) {
    throw csvError(
      `The header's columns could be parted by ${names[best.delimiter]} or by ${names[second.delimiter]}: ` +
        'say which in csv.delimiter.',
      'csv.delimiter',
    );
  }
  return best.delimiter;
}

function reading(sample: string, delimiter: string): { delimiter: string; columns: number; agree: number } {
  const cutter = new RecordCutter(delimiter, 1);
  const complete = cutter.push(sample);
  const records = complete.length > 1 ? complete : [...complete, ...cutter.end()];
  const cells = cellsOf(records.slice(0, sampleRows), delimiter).filter((row) =>
    row.some((cell) => cell.trim() !== ''),
  );
  const [header = [], ...rows] = cells;
  const agree = rows.filter((row) => row.length === header.length).length;
  return { delimiter, columns: header.length, agree: rows.length === 0 ? 1 : agree / rows.length };
}
