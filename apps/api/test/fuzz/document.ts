import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** `/openapi.json` as a fuzzer reads it: each operation, and validators that know nothing of our schemas' library. */

export type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Written {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

export interface Operation extends Written {
  readonly method: string;
  readonly path: string;
  /** Null: for anybody. Empty: any key will do. */
  readonly scope: string | null;
  /** The query parameters, or the headers, as one object that names all there are. */
  readonly query: Schema;
  readonly headers: Schema;
}

export interface Document {
  readonly operations: readonly Operation[];
  /** Methods of each path. */
  readonly methods: ReadonlyMap<string, readonly string[]>;
}

interface Whole {
  readonly paths: Record<string, Record<string, Written>>;
  readonly components: unknown;
}

/** A schema that refers to `#/components/…` gets them with it: it is used without the document around it. */
function standAlone(inside: unknown, components: unknown): void {
  if (typeof inside !== 'object' || inside === null) return;
  for (const [key, value] of Object.entries(inside)) {
    if (key === 'schema' && JSON.stringify(value).includes('"#/components/'))
      Object.assign(value as object, { components });
    else standAlone(value, components);
  }
}

export async function readDocument(url: string): Promise<Document> {
  const response = await fetch(`${url}/openapi.json`);
  const { paths, components } = (await response.json()) as Whole;
  standAlone(paths, components);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, written]) => ({
      ...written,
      method: method.toUpperCase(),
      path,
      scope: scopeOf(written),
      query: objectOf(written, 'query', false),
      headers: objectOf(written, 'header', true),
    })),
  );
  const methods = new Map(
    Object.entries(paths).map(([path, of]) => [path, Object.keys(of).map((m) => m.toUpperCase())]),
  );
  return { operations, methods };
}

function scopeOf({ security }: Written): string | null {
  if (!security) return '';
  return security.length === 0 ? null : (security.flatMap((one) => one['key'] ?? [])[0] ?? '');
}

function objectOf({ parameters = [] }: Written, place: Parameter['in'], additionalProperties: boolean): Schema {
  const here = parameters.filter((parameter) => parameter.in === place);
  return {
    type: 'object',
    properties: Object.fromEntries(here.map(({ name, schema }) => [name, schema])),
    required: here.flatMap(({ name, required }) => (required ? [name] : [])),
    additionalProperties,
  };
}

/** A validator per schema, kept. `text`: of what comes as text only, where a number is one that reads as one. */
export class Validators {
  readonly #json = new Ajv2020({ allErrors: true, strict: false });
  readonly #text = new Ajv2020({ strict: false, coerceTypes: true });
  readonly #known = new Map<Schema, ValidateFunction>();

  constructor() {
    for (const ajv of [this.#json, this.#text]) addFormats.default(ajv);
  }

  /** What is wrong with a value; empty where nothing is. */
  faults(schema: Schema, value: unknown, as: 'json' | 'text' = 'json'): string[] {
    const ajv = as === 'json' ? this.#json : this.#text;
    const validate = this.#known.get(schema) ?? ajv.compile(schema);
    this.#known.set(schema, validate);
    // Coercion writes into what it is given.
    if (validate(as === 'json' ? value : structuredClone(value))) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}
