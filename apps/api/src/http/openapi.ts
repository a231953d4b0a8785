import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { routes } from './routes.js';
import { scopesFor, type Answer, type Route } from './route.js';
import { errorSchema } from './schemas.js';

/** The OpenAPI 3.1 document, from the same schemas that validate requests. */

type Json = Record<string, unknown>;

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const whole = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });
  const { $schema: _dialect, $defs = {}, ...json } = whole;
  return Object.keys($defs).length === 0 ? json : toComponents(json, $defs);
}

const jsonValue = (self: string): Json => ({
  anyOf: [
    ...['string', 'number', 'boolean', 'null'].map((type) => ({ type })),
    { type: 'array', items: { $ref: self } },
    { type: 'object', propertyNames: { type: 'string' }, additionalProperties: { $ref: self } },
  ],
});
const jsonValueHere = '#/components/schemas/JsonValue';

/** In a document `#` is its root. What defines itself is any JSON value, which has its place there. */
function toComponents(json: Json, defs: Json): Json {
  for (const [name, schema] of Object.entries(defs)) {
    if (!isDeepStrictEqual(schema, jsonValue(`#/$defs/${name}`)))
      throw new Error(`the schema ${name} has no place in the OpenAPI document yet`);
  }
  return JSON.parse(
    JSON.stringify(json, (key, value: unknown) =>
      key === '$ref' && String(value).startsWith('#/$defs/') ? jsonValueHere : value,
    ),
  ) as Json;
}

function parameters(route: Route): Json[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  if (!route.query) return inPath;
  const { properties = {}, required = [] } = schemaOf(route.query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
  return [...inPath, ...inQuery];
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A repeat with the same key and body is the same request; kept 48 h.',
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
};

function requestBody(route: Route): Json | undefined {
  if (!route.body && !route.form) return undefined;
  const form = route.form && formSchema(schemaOf(route.form, 'input'));
  return {
    required: route.bodyOptional !== true,
    content: {
      ...(route.body ? { 'application/json': { schema: schemaOf(route.body, 'input') } } : {}),
      ...(form ? { 'multipart/form-data': { schema: form } } : {}),
    },
  };
}

/** In a form an image is a file. */
function formSchema(schema: Json): Json {
  if (!Object.hasOwn(schema['properties'] ?? {}, 'image')) return schema;
  const file = { type: 'string', format: 'binary' };
  const { images: _images, ...properties } = (schema['properties'] ?? {}) as Json;
  return {
    ...schema,
    properties: { ...properties, image: { oneOf: [file, { type: 'array', items: file }] }, mask: file },
  };
}

function answer({ description, schema, contentType = 'application/json', orTypes = [] }: Answer): Json {
  if (!schema && contentType === 'application/json') return { description };
  const bytes = { schema: { type: 'string', format: 'binary' } };
  const content = {
    [contentType]: schema ? { schema: schemaOf(schema, 'output') } : bytes,
    ...Object.fromEntries(orTypes.map((type) => [type, bytes])),
  };
  return { description, content };
}

const error = (description: string): Answer => ({ description, schema: errorSchema });

/** What a route may answer by what it reads of a request, whatever it does: the route's own words go before these. */
function commonAnswers({ access, body, form, method }: Route): Route['answers'] {
  const answers: Record<number, Answer> = { 400: error('Something in the request is wrong; param names it.') };
  if (access !== 'open') {
    answers[401] = error('There is no API key, or it does not work.');
    answers[403] = error('The key works, but not for this or not from here.');
    answers[429] = error('Asked too often: Retry-After says when again.');
    answers[503] = error('Out of reach for the moment, and nothing is lost: Retry-After says when again.');
  }
  if (body || form) {
    answers[413] = error('The body is too large.');
    answers[415] = error('The body is not of a type that is taken here.');
  }
  if (method === 'post') answers[422] = error('The Idempotency-Key was used with another request.');
  return answers;
}

/** OpenAPI names scopes for every scheme since 3.1. One of the list is enough: each scope that will do stands alone. */
function securityOf({ access, signed }: Route): Json {
  if (access === 'open') return { security: [] };
  if (access === 'any') return {};
  const keys = scopesFor(access).map((scope) => ({ key: [scope] }));
  return { security: signed ? [...keys, {}] : keys };
}

function operation(route: Route): Json {
  const list = [...parameters(route), ...(route.method === 'post' ? [idempotencyKey] : [])];
  const body = requestBody(route);
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    ...securityOf(route),
    ...(list.length > 0 ? { parameters: list } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries({ ...commonAnswers(route), ...route.answers }).map(([status, value]) => [status, answer(value)]),
      ),
      // What is refused before its route is known: bad HTTP, headers that are too large.
      default: answer(error('An error, as code and message.')),
    },
  };
}

export function openapiDocument(serverUrl: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rendermill',
      version: '0.1.0',
      description:
        'Image jobs at catalogue scale. The routes under /v1/images are OpenAI’s: an unmodified OpenAI SDK works with only baseURL and apiKey changed.',
    },
    servers: [{ url: serverUrl }],
    security: [{ key: [] }],
    paths,
    components: {
      schemas: { JsonValue: jsonValue(jsonValueHere) },
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key: rm_live_… or rm_test_…' } },
    },
  };
}
