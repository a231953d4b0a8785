import type { Template } from 'liquidjs';
import { RendermillError } from '../domain/errors.js';
import type { RowGroup } from './group-rows.js';
import { columnAt, thereAre, type Header } from './header.js';
import { isLiquid, liquidMessage, parseLiquid, referencesOf, renderLiquid } from './liquid.js';
import { conditionText, type CatalogueTemplate } from './options.js';
import { NoColumnError, ownNames, positionOf, probeScope, scopeBuilder } from './scope.js';

/** A template's value, ready to be rendered: Liquid, or the same for every row. */
export type Field =
  | { readonly kind: 'liquid'; readonly templates: Template[]; readonly path: string }
  | { readonly kind: 'constant'; readonly value: unknown }
  | { readonly kind: 'list'; readonly items: readonly Field[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Field])[] };

export interface CompiledTemplate {
  readonly when: Field | null;
  readonly customId: Field;
  readonly fields: readonly (readonly [string, Field])[];
  /** What the template's strings see of a group. */
  readonly scopeOf: (group: RowGroup) => object;
}

function refuse(path: string, message: string, cause?: unknown): never {
  const param = `template.${path}`;
  throw new RendermillError('invalid_parameter', `${param}: ${message}`, { param, cause });
}

/** Compiles a template against a header. Throws where it names what the file has not, before any row is read. */
export function compileTemplate(template: CatalogueTemplate, header: Header): CompiledTemplate {
  const names = new Set<string>();

  const compileText = (text: string, path: string): Field => {
    if (!isLiquid(text)) return { kind: 'constant', value: text };
    const templates = parse(text, path);
    for (const { name, property } of referencesOf(templates)) {
      checkReference(header, path, name, property);
      names.add(name);
    }
    probe(templates, path, header, names);
    return { kind: 'liquid', templates, path };
  };

  const compile = (value: unknown, path: string): Field => {
    if (typeof value === 'string') return compileText(value, path);
    if (Array.isArray(value)) {
      return { kind: 'list', items: value.map((item, at) => compile(item, `${path}.${at}`)) };
    }
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).map(([key, item]) => [key, compile(item, `${path}.${key}`)] as const);
      return { kind: 'object', entries };
    }
    return { kind: 'constant', value };
  };

  const { when, custom_id: customId, ...rest } = template;
  const compiled = {
    when: when === undefined ? null : compileText(conditionText(when), 'when'),
    customId: compileText(customId, 'custom_id'),
    fields: Object.entries(rest)
      .filter(([, value]) => value != null)
      .map(([name, value]) => [name, compile(value, name)] as const),
  };
  return { ...compiled, scopeOf: scopeBuilder(header, names) };
}

function parse(text: string, path: string): Template[] {
  try {
    return parseLiquid(text);
  } catch (error) {
    return refuse(path, liquidMessage(error), error);
  }
}

function checkReference(header: Header, path: string, name: string, property: string | null): void {
  if (name === 'row') {
    if (property !== null) columnAt(header, property, `template.${path}`);
    return;
  }
  if (positionOf(header, name) !== undefined || ownNames.some((own) => own === name)) return;
  if (header.repeated.has(name)) columnAt(header, name, `template.${path}`);
  refuse(
    path,
    `There is no column ${JSON.stringify(name)}. ${thereAre(header)} Write row["…"] for a name with blanks.`,
  );
}

/** Finds by one rendering what the template's text alone does not show. Only unknown columns matter here. */
function probe(templates: Template[], path: string, header: Header, names: ReadonlySet<string>): void {
  try {
    renderLiquid(templates, probeScope(header, names));
  } catch (error) {
    const column = noColumnIn(error);
    if (column !== null) refuse(path, `There is no column ${JSON.stringify(column)}. ${thereAre(header)}`, error);
  }
}

function noColumnIn(error: unknown): string | null {
  if (error instanceof NoColumnError) return error.column;
  // liquidjs wraps what a scope throws.
  const original: unknown = error instanceof Error ? Reflect.get(error, 'originalError') : null;
  return original instanceof NoColumnError ? original.column : null;
}
