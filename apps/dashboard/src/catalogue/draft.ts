import { missingNames } from './columns';
import { columnsOf, isUtf8, type Column } from './head';
import { choicesOf } from './model-choices';
import type { Source } from './source';
import type { Style } from './style';
import { fits, suggestionOf } from './suggestion';

/** What a person says of a batch, before it is one. */
export interface Fields {
  readonly name: string;
  readonly prompt: string;
  readonly customId: string;
  readonly when: string;
  readonly images: string;
  readonly groupBy: string;
  readonly model: string;
  readonly size: string;
  readonly quality: string;
  readonly maxCost: string;
  readonly encoding: string;
  readonly delimiter: string;
}

/** Words of one's own, the style that they began as, and what went with it. */
export interface Own {
  readonly prompt: string;
  readonly from: Style;
  readonly images: string;
  readonly when: string;
}

export interface Draft {
  readonly fields: Fields;
  /** A number: one of `own`. */
  readonly style: Style | number;
  /** All that were written: to choose a style loses none. */
  readonly own: readonly Own[];
  /** What the person wrote or chose: a file with other columns does not take it away. */
  readonly touched: readonly (keyof Fields)[];
  /** Columns of all files that it was written for. */
  readonly known: readonly string[];
  /** Whether some of it was said for a file before this one. */
  readonly kept: boolean;
}

const empty: Fields = {
  name: '',
  prompt: '',
  customId: '',
  when: '',
  images: '',
  groupBy: '',
  model: '',
  size: '',
  quality: '',
  maxCost: '',
  encoding: '',
  delimiter: '',
};

export const newDraft: Draft = { fields: empty, style: 'studio', own: [], touched: [], known: [], kept: false };

export function columnsFor(
  { head }: Source,
  { encoding, delimiter }: Pick<Fields, 'encoding' | 'delimiter'>,
): Column[] {
  return columnsOf(head, encoding, delimiter === '\\t' ? '\t' : delimiter);
}

/** The draft for a file: what was not touched is suggested anew. */
function suited(draft: Draft, source: Source): Draft {
  const name = source.name.replace(/\.\w+$/, '');
  const touched: Partial<Fields> = Object.fromEntries(draft.touched.map((field) => [field, draft.fields[field]]));
  if (source.kind === 'jsonl') return { ...draft, fields: { ...draft.fields, name, ...touched } };
  const columns = columnsFor(source, draft.fields);
  const known = [...new Set([...draft.known, ...columns.map((column) => column.name)])];
  const own = typeof draft.style === 'number' ? draft.own[draft.style] : undefined;
  const wanted = own?.from ?? (typeof draft.style === 'string' ? draft.style : 'studio');
  const isFit = fits(wanted, columns);
  const suggestion = suggestionOf(isFit ? wanted : 'studio', columns);
  // Words for an edit stay an edit: that the column of pictures is gone is said, and no row is bought without.
  const kept = own && !isFit ? { images: own.images, when: own.when } : {};
  const words = own ? { prompt: own.prompt } : {};
  const { size, quality } = choicesOf(touched.model ?? '');
  const fields = { ...empty, name, size, quality, ...suggestion, ...kept, ...words, ...touched };
  return { ...draft, fields, known, style: own || isFit ? draft.style : 'studio' };
}

/** What was said of the file before is not true of another: name, separator, and encoding where this one is UTF-8. */
export function forFile(draft: Draft, source: Source): Draft {
  const encoding = isUtf8(source.head) ? '' : draft.fields.encoding;
  const ofFile: readonly (keyof Fields)[] = encoding === '' ? ['name', 'delimiter', 'encoding'] : ['name', 'delimiter'];
  const touched = draft.touched.filter((field) => !ofFile.includes(field));
  const kept = touched.length > 0 || draft.own.length > 0 || draft.style !== newDraft.style;
  return suited({ ...draft, kept, fields: { ...draft.fields, encoding, delimiter: '' }, touched }, source);
}

export function changed(draft: Draft, field: keyof Fields, value: string, source: Source): Draft {
  if (field === 'prompt') return written(draft, value);
  if (field === 'model') return ofModel(draft, value);
  const touched = [...new Set([...draft.touched, field])];
  const next = { ...draft, fields: { ...draft.fields, [field]: value }, touched };
  // Names of columns that were read in another way are none.
  return field === 'encoding' || field === 'delimiter' ? suited(next, source) : next;
}

/** Size and quality stay where the model has them and the person chose them. */
function ofModel(draft: Draft, model: string): Draft {
  const { sizes, qualities, size, quality } = choicesOf(model);
  const { fields } = draft;
  const has: Readonly<Record<string, boolean>> = {
    size: fields.size === '' || fields.size.includes('{') || sizes.includes(fields.size),
    quality: fields.quality === '' || qualities.includes(fields.quality),
  };
  const touched = [...new Set([...draft.touched.filter((field) => has[field] ?? true), 'model' as const])];
  return {
    ...draft,
    touched,
    fields: {
      ...fields,
      model,
      size: touched.includes('size') ? fields.size : size,
      quality: touched.includes('quality') ? fields.quality : quality,
    },
  };
}

/** A style whose words are changed becomes words of one's own, beside those that there are. */
function written(draft: Draft, prompt: string): Draft {
  const fields = { ...draft.fields, prompt };
  const { style, own } = draft;
  if (typeof style === 'number')
    return { ...draft, fields, own: own.map((one, at) => (at === style ? { ...one, prompt } : one)) };
  const { images, when } = fields;
  return { ...draft, fields, style: own.length, own: [...own, { prompt, from: style, images, when }] };
}

/** `style` may be the number after the last: new words. */
export function styled(draft: Draft, style: Style | number, source: Source): Draft {
  const isNew = style === draft.own.length;
  const own = isNew ? [...draft.own, { prompt: '', from: 'studio' as const, images: '', when: '' }] : draft.own;
  return suited({ ...draft, style, own }, source);
}

/** Columns that the draft calls and the file has not. */
export function missingFrom({ fields, known }: Draft, columns: readonly Column[]): string[] {
  const { prompt, customId, when, images, groupBy, size } = fields;
  const condition = /\{[{%]/.test(when) ? when : `{{ ${when} }}`;
  const group = groupBy === '' ? '' : `{{ row["${groupBy}"] }}`;
  return missingNames(
    [prompt, customId, condition, images, group, size],
    known,
    columns.map(({ name }) => name),
  );
}
