import { Drop, type Comparable } from 'liquidjs';
import type { RowGroup } from './group-rows.js';
import type { Header } from './header.js';

/**
 * An empty cell: false in `if` (an empty string would be true in Liquid), equal to "", blank, empty and nil, dropped
 * by `compact`, and nothing when printed.
 */
class EmptyCell extends Drop implements Comparable {
  override valueOf(): undefined {
    return undefined;
  }
  override toString(): string {
    return '';
  }
  toJSON(): string {
    return '';
  }
  equals(other: unknown): boolean {
    return other == null || other === '' || other instanceof Drop;
  }
  gt(): boolean {
    return false;
  }
  geq(): boolean {
    return false;
  }
  lt(): boolean {
    return false;
  }
  leq(): boolean {
    return false;
  }
}

const emptyCell = new EmptyCell();
const valueOf = (cell: string | undefined): string | EmptyCell =>
  cell === undefined || cell.trim() === '' ? emptyCell : cell;

type Named = Readonly<Record<string, string | EmptyCell>>;

/** A row by its columns' names, without a prototype: a column may be called "constructor". */
function rowOf(header: Header, cells: readonly string[]): Named {
  const row = Object.create(null) as Record<string, string | EmptyCell>;
  for (const [name, at] of header.byName) row[name] = valueOf(cells[at]);
  return row;
}

/** Names that a template may use besides the columns'. */
export const ownNames = ['row', 'rows'] as const;

/** Where a plain name such as `Title` or `image_src` points. */
export function positionOf(header: Header, name: string): number | undefined {
  return header.byName.get(name) ?? header.byAlias.get(name);
}

/** Builds what templates that use these names see of a group. */
export function scopeBuilder(header: Header, names: ReadonlySet<string>): (group: RowGroup) => object {
  const plain = [...names].flatMap((name) => {
    const at = positionOf(header, name);
    return at === undefined ? [] : [{ name, at }];
  });
  return ({ cells, rows }) => {
    const scope = Object.create(null) as Record<string, unknown>;
    for (const { name, at } of plain) scope[name] = valueOf(cells[at]);
    if (names.has('row')) scope['row'] = rowOf(header, cells);
    if (names.has('rows')) scope['rows'] = rows.map((row) => rowOf(header, row));
    return scope;
  };
}

/** A column that a template reads in a way that only rendering shows, as in `rows | map: "Image Src"`. */
export class NoColumnError extends Error {
  readonly column: string;
  constructor(column: string) {
    super(`there is no column ${JSON.stringify(column)}`);
    this.name = 'NoColumnError';
    this.column = column;
  }
}

const everyListsOwn = new Set(['size', 'first', 'last', 'length']);

/** A scope of empty cells that throws {@link NoColumnError} where a row is asked for a column that it has not. */
export function probeScope(header: Header, names: ReadonlySet<string>): object {
  const probe = new Proxy(rowOf(header, []), {
    getOwnPropertyDescriptor(target, key) {
      if (typeof key === 'string' && !(key in target) && !everyListsOwn.has(key)) throw new NoColumnError(key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
  const scope = Object.create(null) as Record<string, unknown>;
  for (const name of names) scope[name] = name === 'row' ? probe : name === 'rows' ? [probe] : emptyCell;
  return scope;
}
