import { fileURLToPath } from 'node:url';
import type { Case } from './cases.js';
import type { Operation, Validators } from './document.js';
import type { Answered } from './send.js';

/** What must be true of every answer; each complaint is a sentence. */

const root = fileURLToPath(new URL('../../../..', import.meta.url));
/** Traces of the inside: frames of a stack, places on this disk. */
const inside = [/\n\s+at \S+ ?\(/, /\bnode_modules\b/, /\.[cm]?[jt]s:\d+/, /\/rm-world-/];

export interface Told {
  readonly operation: Operation;
  readonly one: Case;
  /** What its schemas find wrong with the request. */
  readonly faults: readonly string[];
  readonly answered: Answered;
}

export function complaintsOf(told: Told, validators: Validators): string[] {
  return [...aboutStatus(told), ...aboutContent(told, validators), ...aboutHeaders(told), ...aboutSecrets(told)];
}

/** 503 is for what will pass, or says that it will not. */
const isHonest503 = ({ status, headers }: Answered): boolean =>
  status === 503 && (headers['retry-after'] !== undefined || headers['x-should-retry'] === 'false');

function aboutStatus({ operation, one, faults, answered }: Told): string[] {
  const { status } = answered;
  const complaints: string[] = [];
  const say = (wrong: boolean, text: string): void => void (wrong && complaints.push(text));
  say(!(String(status) in operation.responses), `${status} is not documented`);
  say(status >= 500 && !isHonest503(answered), `${status}`);
  say(faults.length > 0 && status < 400, `is wrong by its schema (${faults[0]}) and was answered ${status}`);
  if (one.who !== 'owner') {
    say(operation.scope !== null && status !== 401, `without a key ${status}, not 401`);
    return complaints;
  }
  if (one.whose !== 'own') {
    const fine = one.good ? [404, ...(one.whose === 'garbage' ? [400] : [])] : [400, 404, 413, 415, 422];
    say(!fine.includes(status), `the thing of ${one.whose}: ${status}, not 404`);
    return complaints;
  }
  say(one.good && !isFine(one, status), `is known to be good and was answered ${status}`);
  return complaints;
}

/** What is no longer, or already, in the state for it; one Idempotency-Key for two requests; a call that is not to wait. */
function isFine({ headers }: Case, status: number): boolean {
  if (status < 400 || status === 409) return true;
  return status === 422 ? headers['idempotency-key'] !== undefined : status === 503 && headers['prefer'] === 'wait=0';
}

function aboutContent({ operation, one, answered }: Told, validators: Validators): string[] {
  const { status, headers, body } = answered;
  const content = operation.responses[status]?.content;
  const type = (headers['content-type'] ?? '').split(';')[0] ?? '';
  if (status < 400 && content === undefined)
    return body.length === 0 ? [] : [`${status} is documented without a body and has one`];
  const isProblem = one.headers['accept'] === 'application/problem+json' && status >= 400;
  if (isProblem && type === 'application/problem+json') return [];
  const documented = content?.[type] ?? content?.[type.replace(/\/.*/, '/*')];
  if (!documented)
    return [`${status} has content of type '${type}', documented is ${Object.keys(content ?? {}).join()}`];
  if (type !== 'application/json') return [];
  return validators.faults(documented.schema, JSON.parse(body.toString())).map((fault) => `${status} body: ${fault}`);
}

function aboutHeaders({ operation, one, answered }: Told): string[] {
  const { status, headers } = answered;
  const [sent, got] = [one.headers['x-request-id'], headers['x-request-id']];
  const mine = sent !== undefined && /^[\w.-]{1,128}$/.test(sent);
  return [
    ...(typeof got === 'string' && got !== '' ? [] : ['has no x-request-id']),
    ...(mine && got !== sent ? ['has another x-request-id than was sent'] : []),
    ...(status === 401 && headers['www-authenticate'] === undefined ? ['401 without www-authenticate'] : []),
    ...(operation.scope !== null && headers['cache-control'] === undefined ? ['has no cache-control'] : []),
  ];
}

function aboutSecrets({ answered: { status, body } }: Told): string[] {
  if (status < 400) return [];
  const text = body.toString();
  return [...inside.filter((trace) => trace.test(text)).map(String), ...(text.includes(root) ? ['a path'] : [])].map(
    (trace) => `tells of its inside: ${trace}`,
  );
}
