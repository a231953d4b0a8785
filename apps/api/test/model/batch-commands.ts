import { expect } from '@jest/globals';
import { line, type Refusal } from '../../../../test/batch-calls.js';
import { fc } from '../../../../test/properties.js';
import {
  batchAgain,
  lineKinds,
  newBatch,
  seeBatch,
  type BatchesModel,
  type LineKind,
  type ModelBatch,
  type SeenBatch,
} from './batch-model.js';
import type { Real } from './job-commands.js';

/** What a user may ask of batches, in any order. */

type Command = fc.AsyncCommand<BatchesModel, Real>;

/** Prompts tell whose a call at the provider is. */
export const promptOf = (name: string, kind: LineKind, i: number): string => `${name} line ${i} ${kind}`;

function create(kinds: readonly LineKind[], key: string | null): Command {
  return {
    check: () => true,
    toString: () => `create([${kinds.join()}], ${key})`,
    run: async ({ batches, keys }, { world, run, reached }) => {
      const name = `run ${run} ${key === null ? `batch ${batches.length}` : `${key} ${kinds.map(([first]) => first).join('')}`}`;
      const requests = kinds.map((kind, i) => line(`${i}`, kind === 'bad' ? {} : { prompt: promptOf(name, kind, i) }));
      const body = { requests, metadata: { name } };
      const headers: Record<string, string> = key === null ? {} : { 'idempotency-key': `${key}-${run}` };
      const answer = await world.call<SeenBatch & Refusal>('POST', '/v1/batches', body, headers);
      const before = key === null ? undefined : keys.get(key);
      reached.add(`create ${answer.status}${before ? ' repeated' : ''}`);
      if (before && before.body !== JSON.stringify(body)) {
        expect([answer.status, answer.body.error.code]).toEqual([422, 'idempotency_key_reused']);
        return;
      }
      expect(answer.status).toBe(200);
      if (before) expect(answer.body.id).toBe(before.id);
      else {
        batches.push(newBatch(answer.body.id, kinds));
        if (key !== null) keys.set(key, { body: JSON.stringify(body), id: answer.body.id });
      }
      const batch = batches.find(({ id }) => id === answer.body.id);
      if (batch) seeBatch(batch, answer.body);
    },
  };
}

function on(name: string, pick: number, run: (batch: ModelBatch, real: Real) => Promise<void>): Command {
  return {
    check: ({ batches }) => batches.length > 0,
    toString: () => `${name}(${pick})`,
    run: async ({ batches }, real) => {
      const batch = batches[pick % batches.length];
      if (batch) await run(batch, real);
    },
  };
}

const pathOf = ({ id }: ModelBatch): string => `/v1/batches/${id}`;

export const get = async (batch: ModelBatch, { world }: Pick<Real, 'world'>, query = ''): Promise<void> => {
  const { status, body } = await world.call<SeenBatch>('GET', pathOf(batch) + query);
  expect(status).toBe(200);
  seeBatch(batch, body);
};

/** One that nobody holds up comes to its end. */
const wait = async (batch: ModelBatch, real: Real): Promise<void> => {
  if (batch.paused || batch.lines.includes('held')) return get(batch, real);
  while (batch.ended === null) await get(batch, real, '?wait=20');
};

const change =
  (what: 'pause' | 'resume' | 'cancel') =>
  async (batch: ModelBatch, real: Real): Promise<void> => {
    const answer = await real.world.call<SeenBatch & Refusal>('POST', `${pathOf(batch)}/${what}`);
    real.reached.add(`${what} ${answer.status}`);
    // An end that is known leaves no choice; a cancel that has won may be asked for again.
    if (batch.ended !== null)
      expect([batch.ended, answer.status]).toEqual([
        batch.ended,
        what === 'cancel' && batch.ended === 'cancelled' ? 200 : 409,
      ]);
    if (answer.status === 409) {
      expect(['batch_ended', 'batch_not_running']).toContain(answer.body.error.code);
      return get(batch, real);
    }
    expect(answer.status).toBe(200);
    if (what === 'cancel') batch.cancelAsked = true;
    batch.paused = what === 'pause';
    seeBatch(batch, answer.body);
    if (what === 'cancel') expect(['cancelling', 'cancelled']).toContain(answer.body.status);
  };

const retry =
  (key: string | null) =>
  async (batch: ModelBatch, real: Real): Promise<void> => {
    const headers: Record<string, string> = key === null ? {} : { 'idempotency-key': `${key}-${batch.id}` };
    const answer = await real.world.call<SeenBatch & Refusal>('POST', `${pathOf(batch)}/retry`, undefined, headers);
    const known = key !== null && batch.retries.has(key);
    real.reached.add(`retry ${answer.status}${known ? ' repeated' : ''}`);
    if (known || batch.ended !== null) expect(answer.status).toBe(200);
    if (answer.status === 409) {
      expect(answer.body.error.code).toBe('batch_not_running');
      return;
    }
    expect(answer.status).toBe(200);
    if (!known) batchAgain(batch);
    if (key !== null) batch.retries.add(key);
    seeBatch(batch, answer.body);
  };

const list: Command = {
  check: () => true,
  toString: () => 'list()',
  run: async ({ batches }, { world }) => {
    const { body } = await world.call<{ data: SeenBatch[] }>('GET', '/v1/batches?limit=100');
    for (const batch of batches) {
      const found = body.data.filter(({ id }) => id === batch.id);
      expect([batch.id, found.length]).toEqual([batch.id, 1]);
      if (found[0]) seeBatch(batch, found[0]);
    }
  },
};

const release: Command = {
  check: ({ batches }) => batches.some(({ lines }) => lines.includes('held')),
  toString: () => 'release()',
  run: async (_model, { world }) => world.simulator.release(),
};

const pick = fc.nat(20);

export const batchCommands: fc.Arbitrary<Command>[] = [
  fc
    .tuple(fc.array(fc.constantFrom(...lineKinds), { minLength: 1, maxLength: 8 }), fc.constantFrom(null, null, 'a'))
    .map(([kinds, key]) => create(kinds, key)),
  pick.map((at) => on('get', at, get)),
  pick.map((at) => on('wait', at, wait)),
  ...(['pause', 'resume', 'cancel'] as const).map((what) => pick.map((at) => on(what, at, change(what)))),
  fc.tuple(pick, fc.constantFrom(null, 'again')).map(([at, key]) => on(`retry ${key}`, at, retry(key))),
  fc.constant(list),
  fc.constant(release),
];
