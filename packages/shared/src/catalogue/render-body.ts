import { errorBodyOf, type ErrorBody } from '../domain/errors.js';
import { isPrintable } from '../domain/text.js';
import type { CompiledTemplate, Field } from './compile-template.js';
import type { RowGroup } from './group-rows.js';
import { isLimit, liquidMessage, maxRendered, renderLiquid } from './liquid.js';

export type Rendered =
  | { readonly kind: 'body'; readonly customId: string; readonly body: Record<string, unknown> }
  | { readonly kind: 'skipped' }
  /** `limit`: the template is at fault, and will be in other rows. */
  | { readonly kind: 'error'; readonly customId: string | null; readonly error: ErrorBody; readonly limit: boolean };

/** A row's own fault while its template is rendered. */
class RowError extends Error {
  readonly body: ErrorBody;
  readonly limit: boolean;

  constructor(body: ErrorBody, limit = false) {
    super(body.message);
    this.name = 'RowError';
    this.body = body;
    this.limit = limit;
  }
}

const imageFields = new Set(['image', 'images']);
const maxCustomId = 512;

/** Renders one group of rows to a job's body. */
export function renderBody(template: CompiledTemplate, group: RowGroup): Rendered {
  const where = `Row ${group.row} (line ${group.line})`;
  let customId: string | null = null;
  try {
    const scope = template.scopeOf(group);
    if (template.when && !holds(textOf(template.when, scope, where))) return { kind: 'skipped' };
    customId = customIdOf(textOf(template.customId, scope, where), where);
    const body = bodyOf(template, scope, where);
    return { kind: 'body', customId, body };
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return { kind: 'error', customId, error: error.body, limit: error.limit };
  }
}

function holds(text: string): boolean {
  return text !== '' && text.toLowerCase() !== 'false';
}

function fail(
  code: 'invalid_parameter' | 'missing_required_parameter' | 'missing_image',
  message: string,
  param: string,
): never {
  throw new RowError(errorBodyOf(code, message, param));
}

function customIdOf(text: string, where: string): string {
  if (text === '') fail('missing_required_parameter', `${where}: custom_id comes out empty.`, 'custom_id');
  if ([...text].length > maxCustomId || !isPrintable(text)) {
    fail('invalid_parameter', `${where}: custom_id has 1 to ${maxCustomId} printable characters.`, 'custom_id');
  }
  return text;
}

function bodyOf(template: CompiledTemplate, scope: object, where: string): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [name, field] of template.fields) {
    const value = imageFields.has(name) ? imagesOf(render(field, scope, where)) : render(field, scope, where);
    if (value !== undefined) body[name] = value;
  }
  const asksForImages = template.fields.some(([name]) => imageFields.has(name));
  // An edit whose pictures are missing would become a generation of something else, and be paid.
  body['type'] ??= asksForImages ? 'edit' : 'generation';
  if (body['type'] !== 'generation' && asksForImages && body['image'] === undefined && body['images'] === undefined) {
    fail('missing_image', `${where}: no image comes out. Skip such rows with \`when\`, or give \`type\`.`, 'images');
  }
  if (body['prompt'] === undefined && body['type'] !== 'variation') {
    fail('missing_required_parameter', `${where}: prompt comes out empty.`, 'prompt');
  }
  return body;
}

function textOf(field: Field, scope: object, where: string): string {
  const value = render(field, scope, where);
  return typeof value === 'string' ? value : '';
}

/** The value, or undefined where it comes out empty: absent, or dropped from its list. */
function render(field: Field, scope: object, where: string): unknown {
  if (field.kind === 'constant') return field.value ?? undefined;
  if (field.kind === 'liquid') return renderText(field, scope, where) || undefined;
  if (field.kind === 'list') {
    const items = field.items.map((item) => render(item, scope, where)).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  const entries = field.entries.flatMap(([key, item]) => {
    const value = render(item, scope, where);
    return value === undefined ? [] : [[key, value] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function renderText(field: Field & { kind: 'liquid' }, scope: object, where: string): string {
  const text = attempt(field, scope, where).trim();
  if (text.length <= maxRendered) return text;
  throw new RowError(
    errorBodyOf('invalid_parameter', `${where}: ${field.path} comes out longer than 1 MB.`, field.path),
    true,
  );
}

function attempt(field: Field & { kind: 'liquid' }, scope: object, where: string): string {
  try {
    return renderLiquid(field.templates, scope);
  } catch (error) {
    const message = `${where}: ${field.path}: ${liquidMessage(error)}`;
    throw new RowError(errorBodyOf('invalid_parameter', message, field.path), isLimit(error));
  }
}

/** One string may come out as several URLs, one a line: `{{ rows | map: "Image Src" | compact | join: "\n" }}`. */
function imagesOf(value: unknown): unknown {
  const items = (Array.isArray(value) ? value : [value]).flatMap((item: unknown) =>
    typeof item === 'string' ? item.split(/[\r\n]+/).flatMap((line) => line.trim() || []) : (item ?? []),
  );
  return items.length === 0 ? undefined : items;
}
