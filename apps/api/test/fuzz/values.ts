import { fc } from '../../../../test/properties.js';
import type { Schema } from './document.js';

/** Values that a JSON schema takes, nearly: who needs to know asks a validator. */

/** Stands for a file's bytes in the fields of a form. */
export const file = '(a file)';

/** Text that has broken programs before. */
export const nastyText = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e\u200d👩‍🎨',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%00',
  '{{ 7 | times: 7 }}',
  '"\'`;--',
  'file:///etc/passwd',
  'http://[::ffff:127.0.0.1]:1/',
  '-1',
  '1e3',
  'NaN',
  'x'.repeat(70),
  'x'.repeat(600),
  'x'.repeat(5_000),
] as const;

export const nastyNumbers = [
  -1,
  -0,
  0,
  0.5,
  1.5,
  11,
  65,
  101,
  1_001,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e15,
  1e308,
] as const;

const deepest = 4;

interface From {
  readonly root: Schema;
  readonly depth: number;
  /** Values by property name that mean something to us. */
  readonly hints: Readonly<Record<string, readonly unknown[]>>;
}

export function valuesOf(schema: Schema, hints: From['hints'] = {}): fc.Arbitrary<unknown> {
  return values(schema, { root: schema, depth: 0, hints });
}

function values(schema: Schema, from: From): fc.Arbitrary<unknown> {
  if (typeof schema['$ref'] === 'string') return values(referred(schema['$ref'], from.root), deeper(from));
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const choices = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
  if (choices) return fc.oneof(...shallow(choices, from).map((one) => values(one, from)));
  const type = schema['type'];
  if (Array.isArray(type)) return fc.oneof(...type.map((one: string) => values({ ...schema, type: one }, from)));
  switch (type) {
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.integer({ min: limit(schema, 'minimum', -1_000), max: limit(schema, 'maximum', 1_000_000) });
    case 'number':
      return fc.double({ min: limit(schema, 'minimum', -1e9), max: limit(schema, 'maximum', 1e9), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(values((schema['items'] ?? {}) as Schema, deeper(from)), {
        minLength: limit(schema, 'minItems', 0),
        maxLength: Math.min(limit(schema, 'maxItems', 3), limit(schema, 'minItems', 0) + 3),
      });
    case 'object':
      return objectsOf(schema, from);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
}

function referred(ref: string, root: Schema): Schema {
  return ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((at, key) => (at as Schema)[key], root) as Schema;
}

const deeper = (from: From): From => ({ ...from, depth: from.depth + 1 });

/** Deep down, what ends: a schema may hold itself. */
function shallow(choices: readonly Schema[], { depth }: From): readonly Schema[] {
  const ends = choices.filter(({ type }) => type !== 'array' && type !== 'object');
  return depth > deepest && ends.length > 0 ? ends : choices;
}

const limit = (schema: Schema, name: string, otherwise: number): number =>
  typeof schema[name] === 'number' ? schema[name] : otherwise;

function textOf(schema: Schema): fc.Arbitrary<string> {
  if (schema['format'] === 'binary') return fc.constant(file);
  if (typeof schema['pattern'] === 'string') return matching(new RegExp(schema['pattern'], 'u'));
  const [minLength, maxLength] = [limit(schema, 'minLength', 0), limit(schema, 'maxLength', 5_000)];
  const usual = { minLength, maxLength: Math.min(maxLength, minLength + 30) };
  return fc.oneof(
    { weight: 3, arbitrary: fc.string(usual) },
    { weight: 1, arbitrary: fc.string({ ...usual, unit: 'grapheme' }) },
    { weight: 1, arbitrary: fc.constant('x'.repeat(maxLength)) },
    { weight: 1, arbitrary: fc.constantFrom(...nastyText.filter((text) => text.length <= maxLength)) },
  );
}

function matching(pattern: RegExp): fc.Arbitrary<string> {
  // fast-check makes no text from classes of Unicode: those patterns are of single characters.
  if (!pattern.source.includes('\\p{')) return fc.stringMatching(pattern);
  return fc.string({ minLength: 1, maxLength: 1 }).filter((text) => pattern.test(text));
}

function objectsOf(schema: Schema, from: From): fc.Arbitrary<unknown> {
  const required = new Set(schema['required'] as string[] | undefined);
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  const known = properties.map(([name, of]) => {
    const hinted = from.hints[name] ?? [];
    const any = values(of, deeper(from));
    const value = hinted.length > 0 ? fc.oneof(fc.constantFrom(...hinted), any) : any;
    // Of many that may be there, a few.
    const some = fc.option(value, { freq: 1 + Math.floor(properties.length / 8), nil: undefined });
    const few = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: some });
    return [name, required.has(name) ? value : few] as const;
  });
  const others = schema['additionalProperties'];
  const extra =
    typeof others === 'object' && others !== null
      ? fc.dictionary(
          values((schema['propertyNames'] ?? { type: 'string', maxLength: 20 }) as Schema, from).map(String),
          values(others as Schema, deeper(from)),
          { maxKeys: 3 },
        )
      : fc.constant({});
  return fc.tuple(fc.record(Object.fromEntries(known)), extra).map(([record, more]) => ({
    ...more,
    ...Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)),
  }));
}
