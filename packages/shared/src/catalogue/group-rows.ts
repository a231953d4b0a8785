import { errorBodyOf, type ErrorBody } from '../domain/errors.js';
import { readableCell, type Row } from './read-rows.js';

/** One or more consecutive rows that make one job. */
export interface RowGroup {
  /** The first row's number and line. */
  readonly row: number;
  readonly line: number;
  /** The first row's cells; where it has none the first one below. */
  readonly cells: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly fault: ErrorBody | null;
}

export const maxGroupRows = 5_000;
/** Characters of all cells of a group: it is held in memory. */
const maxGroupText = 16 * 1024 * 1024;

export function single({ row, line, cells, fault }: Row): RowGroup {
  return { row, line, cells, rows: [cells], fault };
}

/**
 * Folds consecutive rows with the same value in one column. Only consecutive ones: rows are forgotten as they are
 * made, so that a file of any length stays within memory. Exports write a product's rows together.
 */
export class RowFolder {
  readonly #column: number;
  readonly #name: string;
  #value: string | null = null;
  #rows: Row[] = [];
  #text = 0;
  #count = 0;

  constructor(column: number, name: string) {
    this.#column = column;
    this.#name = name;
  }

  /** The groups that are complete with this row. */
  push(row: Row): RowGroup[] {
    const value = readableCell(row, this.#column)?.trim() ?? null;
    if (value !== null && value !== '' && value === this.#value) {
      this.#add(row);
      return [];
    }
    // Of a row whose product is not known nothing can be said but its fault: it parts no group.
    if (value === null || value === '') return [single({ ...row, fault: row.fault ?? this.#noValue(row) })];
    const complete = this.end();
    this.#value = value;
    this.#add(row);
    return complete;
  }

  end(): RowGroup[] {
    const [first] = this.#rows;
    const group = first ? [this.#fold(first)] : [];
    this.#value = null;
    this.#rows = [];
    this.#text = 0;
    this.#count = 0;
    return group;
  }

  #add(row: Row): void {
    this.#count += 1;
    this.#text += row.cells.reduce((sum, cell) => sum + cell.length, 0);
    if (this.#count === 1 || !this.#tooLarge()) this.#rows.push(row);
    else this.#rows.length = 1;
  }

  #tooLarge(): boolean {
    return this.#count > maxGroupRows || this.#text > maxGroupText;
  }

  #fold(first: Row): RowGroup {
    const rows = this.#rows.map((row) => row.cells);
    const cells = first.cells.map((cell, at) => (cell === '' ? (rows.find((row) => row[at])?.[at] ?? '') : cell));
    return { row: first.row, line: first.line, cells, rows, fault: this.#fault(first) };
  }

  /** Half a product is none: a row that cannot be read costs the product that it belongs to. */
  #fault(first: Row): ErrorBody | null {
    const where = `Rows ${first.row} to ${first.row + this.#count - 1} (from line ${first.line})`;
    if (this.#count > 1 && this.#tooLarge()) {
      const most = `${maxGroupRows} rows or ${maxGroupText / 1024 / 1024} MB`;
      return errorBodyOf(
        'invalid_csv',
        `${where} have the same ${this.#name}, and ${most} are the most that make one job. Group by another column.`,
        'group_by',
      );
    }
    const fault = this.#rows.find((row) => row.fault)?.fault ?? null;
    if (!fault || this.#count === 1) return fault;
    return { ...fault, message: `${where} are one ${this.#name}, of which a row cannot be read. ${fault.message}` };
  }

  #noValue(row: Row): ErrorBody {
    const message = `Row ${row.row} (line ${row.line}) has no ${JSON.stringify(this.#name)}, by which rows are grouped.`;
    return errorBodyOf('invalid_csv', message, this.#name);
  }
}
