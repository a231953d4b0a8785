import { fc } from '../../../../test/properties.js';
import type { Operation, Schema } from './document.js';
import type { Known } from './examples.js';
import { withFault } from './faults.js';
import { file, nastyText, valuesOf } from './values.js';

/** What a request to one operation may be: right by its schema, or with one thing about it wrong. */

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'form'; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'raw'; readonly type: string | null; readonly text: string };

type Pairs = readonly (readonly [name: string, value: string])[];

export interface Case {
  readonly who: 'owner' | 'nobody' | 'wrong key';
  /** Whose thing the path names. */
  readonly whose: 'own' | 'foreign' | 'unknown' | 'garbage';
  /** What stands in the path for garbage. */
  readonly garbage: string;
  readonly query: Pairs;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  /** Made of nothing but what is known to be good. */
  readonly good: boolean;
}

/** Ids as they stand in a path. */
const garbage = fc.oneof(
  fc.constantFrom('..', '.', '%2e%2e', '%2e%2e%2f%2e%2e%2fetc%2fpasswd', '%00', '%', '%ff', '%20', '*', '{id}', '0'),
  fc.constantFrom('x'.repeat(2_000), 'job_%0d%0ax-header%3a1', "'%20or%201=1", '__proto__', '%f0%9f%92%a9'),
  fc.string({ minLength: 1, maxLength: 30 }).map(encodeURIComponent),
);

const headers = fc.record({
  'x-request-id': fc.constantFrom(undefined, 'mine-1', 'not mine', 'x'.repeat(200)),
  accept: fc.constantFrom(undefined, undefined, 'application/problem+json', '*/*'),
  prefer: fc.constantFrom(undefined, undefined, 'respond-async', 'wait=0', 'wait=x, ;='),
});

const repeats = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom('the-same', '"the-same"') },
  { weight: 1, arbitrary: fc.uuid() },
);

export function casesOf(operation: Operation, known: Known): fc.Arbitrary<Case> {
  const parts = partsOf(operation, known);
  const { good } = parts;
  const of = (weight: number, changes: Partial<Record<keyof Case, fc.Arbitrary<unknown>>>) => ({
    weight,
    arbitrary: fc.record({ ...good, ...changes }) as fc.Arbitrary<Case>,
  });
  const no = fc.constant(false);
  const [body, hasId] = [operation.requestBody !== undefined, operation.path.includes('{')];
  const made = { query: parts.madeQuery, good: no };
  return fc.oneof(
    of(3, {}),
    of(1, { who: fc.constantFrom('nobody', 'wrong key') }),
    of(2, made),
    of(2, { query: parts.brokenQuery, good: no }),
    ...(operation.method === 'POST' ? [of(1, { headers: brokenHeaders, good: no })] : []),
    ...(body ? [of(6, { body: parts.brokenBody, good: no }), of(5, { ...made, body: parts.madeBody })] : []),
    ...(body
      ? [
          of(2, { body: fc.oneof(raw, fc.constant({ kind: 'none' })), good: no }),
          of(1, { body: parts.mistyped, good: no }),
        ]
      : []),
    ...(hasId ? [of(3, { whose: fc.constantFrom('foreign', 'foreign', 'unknown', 'garbage') })] : []),
    ...(hasId && body
      ? [
          of(1, {
            whose: fc.constantFrom('foreign', 'foreign', 'unknown', 'garbage'),
            body: parts.brokenBody,
            good: no,
          }),
        ]
      : []),
  );
}

const withoutGaps = (record: object) =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Record<string, string>;

const brokenHeaders = fc
  .tuple(headers, fc.constantFrom('', 'two words', '""', 'x'.repeat(256), '\u00e9', '\t'))
  .map(([record, key]) => ({ ...withoutGaps(record), 'idempotency-key': key }));

/** Bodies that are none. */
const raw: fc.Arbitrary<Body> = fc
  .tuple(
    fc.constantFrom('application/json', 'text/plain', 'multipart/form-data', 'multipart/form-data; boundary=b', null),
    fc.constantFrom('', '{', '[]', 'null', '{"a":1}{}', '"x"', '{"a":'.repeat(2_000), '--b\r\n\r\n', '\u0000', '--b--'),
  )
  .map(([type, text]) => ({ kind: 'raw', type, text }));

/** Good JSON that is called something else. */
function mistyped([body, type]: [Body, string | null]): Body {
  return { kind: 'raw', type, text: body.kind === 'json' ? JSON.stringify(body.value) : '{}' };
}

function partsOf(operation: Operation, { bodies, forms, queries, hints }: Known) {
  const { operationId, requestBody } = operation;
  const contents = requestBody?.content ?? {};
  const json = contents['application/json']?.schema;
  const form = contents['multipart/form-data']?.schema;
  const goodBodies: Body[] = [
    ...(bodies[operationId] ?? []).map((value): Body =>
      value === undefined ? { kind: 'none' } : { kind: 'json', value },
    ),
    ...(forms[operationId] ?? []).map((fields): Body => ({ kind: 'form', fields })),
  ];
  if (requestBody && goodBodies.length === 0)
    throw new Error(`what is a good body of ${operationId}? Say so in examples.ts`);
  const goodBody = fc.constantFrom<Body>(...(goodBodies.length > 0 ? goodBodies : [{ kind: 'none' } as const]));
  const goodQueries = [{}, ...(queries[operationId] ?? [])].map((one): Pairs => Object.entries(one));
  const goodQuery = fc.constantFrom(...goodQueries);
  return {
    good: {
      who: fc.constant('owner'),
      whose: fc.constant('own'),
      garbage,
      query: goodQuery,
      headers: fc
        .tuple(headers, operation.method === 'POST' ? repeats : fc.constant(undefined))
        .map(([record, key]) => withoutGaps({ ...record, 'idempotency-key': key })),
      body: goodBody,
      good: fc.constant(true),
    },
    madeQuery: valuesOf(operation.query, hints).map(pairs),
    brokenQuery: goodQuery.chain((query) => brokenPairs(query, operation)),
    madeBody: madeBodies(json, form, hints),
    brokenBody: goodBody.chain(broken),
    mistyped: fc
      .tuple(goodBody, fc.constantFrom(null, 'text/plain', 'application/x-www-form-urlencoded'))
      .map(mistyped),
  };
}

function madeBodies(json: Schema | undefined, form: Schema | undefined, hints: Known['hints']): fc.Arbitrary<Body> {
  const kinds = [
    ...(json ? [valuesOf(json, hints).map((value): Body => ({ kind: 'json', value }))] : []),
    ...(form
      ? [
          valuesOf(form, { ...hints, image: [file], file: [file] }).map((fields): Body => ({
            kind: 'form',
            fields: fields as Record<string, unknown>,
          })),
        ]
      : []),
  ];
  return kinds.length === 0 ? fc.constant({ kind: 'none' }) : fc.oneof(...kinds);
}

const pairs = (query: unknown): Pairs => Object.entries(query as object).map(([name, value]) => [name, String(value)]);

/** Another value for one parameter, one twice, or one that there is not. */
function brokenPairs(query: Pairs, { query: schema }: Operation): fc.Arbitrary<Pairs> {
  const names = Object.keys(schema['properties'] as Schema);
  const twice = query.map(([name, value]): Pairs => [...query, [name, value]]);
  return fc.oneof(
    fc.constantFrom('unknown', 'limit', '__proto__', 'a[b]').map((name): Pairs => [...query, [name, '1']]),
    ...(twice.length > 0 ? [fc.constantFrom(...twice)] : []),
    ...(names.length > 0
      ? [
          fc
            .tuple(fc.constantFrom(...names), fc.constantFrom(...nastyText.filter((text) => text.isWellFormed())))
            .map(([name, value]): Pairs => [...query.filter(([other]) => other !== name), [name, value]]),
        ]
      : []),
  );
}

function broken(body: Body): fc.Arbitrary<Body> {
  if (body.kind === 'json') {
    const { value } = body;
    const asForm: Body = { kind: 'form', fields: (value ?? {}) as Record<string, unknown> };
    return fc.oneof(
      {
        weight: 8,
        arbitrary: withFault(value).map((other): Body =>
          other === undefined ? { kind: 'none' } : { kind: 'json', value: other },
        ),
      },
      { weight: 1, arbitrary: fc.constant(asForm) },
    );
  }
  if (body.kind === 'form') {
    const isForm = (fields: unknown) => typeof fields === 'object' && fields !== null && !Array.isArray(fields);
    return withFault(body.fields).map((fields): Body => ({
      kind: 'form',
      fields: isForm(fields) ? (fields as Record<string, unknown>) : {},
    }));
  }
  return raw;
}
