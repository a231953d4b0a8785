/** What a person writes to make a batch of a catalogue, and the body that it becomes. */
export interface Draft {
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

/** A column as Liquid calls it. */
export function insertOf(column: string, filter = ''): string {
  const name = /^[A-Za-z_]\w*$/.test(column) ? column : `row[${JSON.stringify(column)}]`;
  return `{{ ${name}${filter} }}`;
}

/** A template to begin with, from what shops usually call their columns. */
export function firstDraft(name: string, columns: readonly string[]): Draft {
  const find = (...patterns: RegExp[]): string | undefined =>
    patterns.flatMap((pattern) => columns.find((column) => pattern.test(column)) ?? [])[0];
  const handle = find(/^handle$/i);
  const id = handle ?? find(/sku/i, /^(product[ _]?)?id$/i, /code|number/i) ?? columns[0];
  const title = find(/^title$/i, /^name$/i, /title|name/i) ?? columns[0];
  const words = find(/^body/i, /description/i);
  const about = words ? ` ${insertOf(words, ' | strip_html | truncate: 300')}` : '';
  return {
    name,
    prompt: `Studio product photograph: ${title ? insertOf(title) : ''}.${about}\nCentred on a seamless light background, soft daylight from the left, gentle shadow, true colours. No text, no watermark, no people.`,
    customId: id ? insertOf(id) : '',
    when: title ? insertOf(title) : '',
    images: '',
    groupBy: handle ?? '',
    model: '',
    size: '',
    quality: '',
    maxCost: '',
    encoding: '',
    delimiter: '',
  };
}

/** What is left empty is left to the API's defaults. */
export function bodyOf(fileId: string, draft: Draft): Record<string, unknown> {
  const { encoding, delimiter } = draft;
  const template = filled({
    custom_id: draft.customId,
    prompt: draft.prompt,
    when: draft.when,
    images: draft.images,
    model: draft.model,
    size: draft.size,
    quality: draft.quality,
  });
  const csv = filled({ encoding, delimiter: delimiter === '\\t' ? '\t' : delimiter });
  return {
    input_file_id: fileId,
    template,
    ...(Object.keys(csv).length > 0 ? { csv } : {}),
    ...filled({ group_by: draft.groupBy }),
    ...(draft.maxCost.trim() === '' ? {} : { max_cost: Number(draft.maxCost) }),
    ...(draft.name.trim() === '' ? {} : { metadata: { name: draft.name.trim().slice(0, 512) } }),
  };
}

function filled(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ''));
}

/** Not `crypto.randomUUID`: a page that is served by http has none. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
