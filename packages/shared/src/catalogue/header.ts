import { clip } from '../domain/text.js';
import { csvError } from './csv-error.js';

export const maxColumns = 1_000;

/** The columns of a catalogue, by the names that a template may call them. */
export interface Header {
  readonly columns: readonly string[];
  /** Position of each name that stands for one column. */
  readonly byName: ReadonlyMap<string, number>;
  /** Names that stand for several columns. */
  readonly repeated: ReadonlySet<string>;
  /** `image_src` for "Image Src": only where no other column is called so or would be. */
  readonly byAlias: ReadonlyMap<string, number>;
}

/** Lower case, what is neither letter nor digit becomes one underscore: "Body (HTML)" is `body_html`. */
export function aliasOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replaceAll(/^_+|_+$/g, '');
}

function positions(names: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  names.forEach((name, at) => {
    if (name !== '') found.set(name, [...(found.get(name) ?? []), at]);
  });
  return found;
}

/**
 * Reads the header's cells. A column without a name cannot be called by a template and is ignored; a name that comes
 * twice is an error only where a template calls it.
 */
export function readHeader(cells: readonly string[], line: number): Header {
  // `trim` takes byte order marks and no-break spaces too.
  const columns = cells.map((cell) => cell.trim());
  const bad = columns.findIndex((name) => !name.isWellFormed() || name.includes('\0'));
  if (bad !== -1) {
    throw csvError(
      `The header (line ${line}) has bytes in column ${bad + 1} that are no text. Say in csv.encoding what the file is.`,
      'csv.encoding',
    );
  }
  if (columns.every((name) => name === '')) throw csvError(`The header (line ${line}) names no column.`);
  if (columns.length > maxColumns) {
    throw csvError(`The header (line ${line}) has ${columns.length} columns; ${maxColumns} are the most.`);
  }
  const names = positions(columns);
  const aliases = positions(columns.map(aliasOf));
  const only = (from: Map<string, number[]>): [string, number][] =>
    [...from].flatMap(([name, at]) =>
      at.length === 1 && at[0] !== undefined ? [[name, at[0]] as [string, number]] : [],
    );
  return {
    columns,
    byName: new Map(only(names)),
    repeated: new Set([...names].filter(([, at]) => at.length > 1).map(([name]) => name)),
    byAlias: new Map(only(aliases).filter(([alias]) => !names.has(alias))),
  };
}

/** The position of a column by its name in the header. Throws with the names there are. */
export function columnAt(header: Header, name: string, param: string): number {
  const at = header.byName.get(name);
  if (at !== undefined) return at;
  const problem = header.repeated.has(name)
    ? `The header has several columns named ${JSON.stringify(name)}: rename all but one.`
    : `There is no column ${JSON.stringify(name)}. ${thereAre(header)}`;
  throw csvError(`${param}: ${problem}`, param);
}

/** The names in the header, for messages. */
export function thereAre(header: Header): string {
  const names = header.columns.filter((name) => name !== '').map((name) => clip(name, 64));
  const shown = names.slice(0, 60).join(', ');
  return `The columns are: ${shown}${names.length > 60 ? ` and ${names.length - 60} more` : ''}.`;
}
