import { randomInt } from 'node:crypto';
import type { Body, Case } from './cases.js';
import { Validators, type Operation } from './document.js';
import type { Sent } from './send.js';
import { kindOf, nobodys, type Things } from './things.js';
import { file } from './values.js';

/** A case as the bytes of a request, and what its schemas say of it. */

export interface Parties {
  readonly owner: Things;
  readonly stranger: Things;
  /** Key of who may look over all projects. */
  readonly operator: string;
  readonly picture: Buffer;
}

export async function requestOf(operation: Operation, one: Case, parties: Parties): Promise<Sent> {
  const body = encoded(one.body, parties.picture);
  const query = one.query.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
  return {
    method: operation.method,
    path: (await pathOf(operation, one, parties)) + (query === '' ? '' : `?${query}`),
    headers: {
      ...one.headers,
      ...authorization(operation, one, parties),
      ...(body.type === null ? {} : { 'content-type': body.type }),
    },
    body: body.bytes,
  };
}

function authorization({ scope }: Operation, { who }: Case, { owner, operator }: Parties): Record<string, string> {
  if (who === 'nobody') return {};
  // From an address of its own: who guesses many keys is held up.
  if (who === 'wrong key')
    return {
      authorization: 'Bearer rm_live_wrong',
      'x-forwarded-for': `10.${[0, 0, 0].map(() => randomInt(256)).join('.')}`,
    };
  return { authorization: `Bearer ${scope === 'operator' ? operator : owner.key.key}` };
}

async function pathOf(operation: Operation, { whose, garbage }: Case, { owner, stranger }: Parties): Promise<string> {
  const kind = kindOf(operation.path);
  if (kind === null) return operation.path;
  const theirs = whose === 'foreign' ? stranger : owner;
  const shared = kind === 'model' || kind === 'provider';
  const id =
    whose === 'unknown' || (whose === 'foreign' && shared) ? nobodys[kind] : await theirs.idFor(operation, kind);
  const filled = operation.path
    .replace('{id}', whose === 'garbage' ? garbage : id)
    .replace('{index}', whose === 'garbage' ? garbage : '0')
    .replace('{variant}', whose === 'garbage' ? garbage : 'thumbnail')
    .replace('{name}', whose === 'garbage' ? garbage : '0');
  if (!filled.includes('{delivery_id}')) return filled;
  return filled.replace('{delivery_id}', whose === 'garbage' ? garbage : await theirs.delivery());
}

interface Encoded {
  readonly type: string | null;
  readonly bytes: Buffer | null;
}

function encoded(body: Body, picture: Buffer): Encoded {
  if (body.kind === 'none') return { type: null, bytes: null };
  if (body.kind === 'json') return { type: 'application/json', bytes: Buffer.from(JSON.stringify(body.value)) };
  if (body.kind === 'raw') return { type: body.type, bytes: Buffer.from(body.text) };
  return { type: 'multipart/form-data; boundary=fuzz', bytes: formOf(body.fields, picture) };
}

/** The values of a form's fields, each as it is written; what is not text is JSON. */
function textsOf(fields: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    (name === 'image' && Array.isArray(value) ? value : [value]).map((one): [string, string] => [
      name,
      typeof one === 'string' ? one : JSON.stringify(one),
    ]),
  );
}

function formOf(fields: Readonly<Record<string, unknown>>, picture: Buffer): Buffer {
  const parts = textsOf(fields).flatMap(([name, text]) => {
    const isFile = text === file;
    const head = `--fuzz\r\ncontent-disposition: form-data; name="${name}"${isFile ? '; filename="f.png"' : ''}\r\n\r\n`;
    return [Buffer.from(head), isFile ? picture : Buffer.from(text), Buffer.from('\r\n')];
  });
  return Buffer.concat([...parts, Buffer.from('--fuzz--\r\n')]);
}

/** What the document's schemas find wrong with a request; empty where it is right by them. */
export function faultsOf(operation: Operation, one: Case, validators: Validators): string[] {
  const { query, headers, requestBody } = operation;
  const twice = one.query.length !== new Set(one.query.map(([name]) => name)).size;
  return [
    ...(twice ? ['a query parameter is there twice'] : []),
    ...validators.faults(query, Object.fromEntries(one.query), 'text').map((fault) => `query ${fault}`),
    ...validators.faults(headers, namedAs(headers, one.headers), 'text').map((fault) => `header ${fault}`),
    ...(requestBody ? bodyFaults(requestBody, one.body, validators) : []),
  ];
}

/** Headers are told apart without regard to case. */
function namedAs({ properties }: Operation['headers'], given: Case['headers']): Record<string, string> {
  const names = Object.keys(properties as object).map((name) => [name.toLowerCase(), name] as const);
  return Object.fromEntries(names.flatMap(([low, name]) => (given[low] === undefined ? [] : [[name, given[low]]])));
}

function bodyFaults(
  { required, content }: NonNullable<Operation['requestBody']>,
  body: Body,
  validators: Validators,
): string[] {
  if (body.kind === 'none') return required ? ['there is no body'] : [];
  if (body.kind === 'raw') return body.text === '' && !required ? [] : ['the body is none'];
  const isJson = body.kind === 'json';
  const schema = content[isJson ? 'application/json' : 'multipart/form-data']?.schema;
  if (!schema) return [`no ${body.kind} is taken`];
  if (isJson) return validators.faults(schema, JSON.parse(JSON.stringify(body.value)));
  const texts = textsOf(body.fields);
  const images = texts.filter(([name]) => name === 'image').map(([, text]) => text);
  return validators.faults(
    schema,
    { ...Object.fromEntries(texts), ...(images.length > 1 ? { image: images } : {}) },
    'text',
  );
}
