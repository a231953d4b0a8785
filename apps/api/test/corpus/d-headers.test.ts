import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { makeKey } from '../../../../test/keys.js';
import { runSection, type Ask } from './run-section.js';
import { ask, post, raw, type Said } from './said.js';

/** Headers: who asks, in what form, and whether it is the same request again. */

const job = { type: 'generation', model: 'gpt-image-2', prompt: 'x' };
const json = { 'content-type': 'application/json' };
const create = { method: 'POST', headers: json, body: JSON.stringify(job) };
const withKey =
  (key: string | null): Ask =>
  async (world) =>
    ask(world, { ...create, key });
const withHeaders =
  (headers: Readonly<Record<string, string>>): Ask =>
  async (world) =>
    ask(world, { ...create, headers: { ...json, ...headers } });
const typed = (type: string): Ask => withHeaders({ 'content-type': type });
const idOf = ({ text }: Said): string => (JSON.parse(text) as { id: string }).id;

runSection(
  'D',
  {
    186: {
      status: 202,
      code: null,
      because: 'contract: a repeat attaches to the job of its key; 409 exists only in the milliseconds before commit',
    },
  },
  {
    166: withKey(null),
    167: async (world) => ask(world, { ...create, key: null, headers: { ...json, authorization: 'Basic dTpw' } }),
    168: async (world) => ask(world, { ...create, key: null, headers: { ...json, authorization: 'Bearer ' } }),
    169: withKey('rm_live_00000000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000'),
    170: withKey(`rm_live_${'x'.repeat(10_000)}`),
    171: withKey("rm_live_'OR'1'='1"),
    172: async (world) => {
      const { key } = await makeKey(world, { scopes: ['jobs:read'] });
      return ask(world, { ...create, key });
    },
    173: async (world) => ask(world, { ...create, headers: {} }),
    174: typed('text/plain'),
    175: typed('application/x-www-form-urlencoded'),
    176: typed('application/jsonx'),
    177: typed('application/json; charset=latin1'),
    178: typed('application/json; charset=UTF-8'),
    179: withHeaders({ 'idempotency-key': '' }),
    180: withHeaders({ 'idempotency-key': 'k'.repeat(256) }),
    181: withHeaders({ 'idempotency-key': 'a b' }),
    182: withHeaders({ 'idempotency-key': 'clé' }),
    183: async (world) => {
      const key = { 'idempotency-key': randomUUID() };
      const [first, again] = [await post(world, job, key), await post(world, job, key)];
      expect(idOf(again)).toBe(idOf(first));
      return again;
    },
    184: async (world) => {
      const key = { 'idempotency-key': randomUUID() };
      await post(world, job, key);
      return post(world, { ...job, prompt: 'y' }, key);
    },
    185: async (world) => {
      const key = randomUUID();
      const first = await post(world, job, { 'idempotency-key': key });
      const again = await post(world, job, { 'idempotency-key': `"${key}"` });
      expect(idOf(again)).toBe(idOf(first));
      return again;
    },
    186: async (world) => {
      const key = { 'idempotency-key': randomUUID() };
      const [first, second] = await Promise.all([post(world, job, key), post(world, job, key)]);
      expect(idOf(second)).toBe(idOf(first));
      expect(first.status).toBe(202);
      return second;
    },
    187: async (world) => {
      const headers = { ...json, 'idempotency-key': randomUUID() };
      const { key } = await makeKey(world);
      const [ours, theirs] = [await post(world, job, headers), await ask(world, { ...create, headers, key })];
      expect(idOf(theirs)).not.toBe(idOf(ours));
      return theirs;
    },
    188: async (world) => {
      const said = await post(world, job, { 'x-request-id': 'a b' });
      expect(said.headers.get('x-request-id')).toMatch(/^req_/);
      return said;
    },
    189: async (world) =>
      raw(world.url, [
        'GET /v1/jobs HTTP/1.1',
        'Host: x',
        `Authorization: Bearer ${world.key}`,
        `X: ${'x'.repeat(17_000)}`,
      ]),
    190: async (world) =>
      raw(world.url, ['GET /v1/jobs HTTP/1.1', 'Host: x', `Authorization: Bearer ${world.key}`, 'Expect: miracles']),
    191: withHeaders({ 'x-http-method-override': 'DELETE' }),
  },
);
