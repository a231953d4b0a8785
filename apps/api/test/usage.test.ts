import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { LedgerEntry } from '@rendermill/simulator';
import type { usageReport } from '../src/http/usage-schemas.js';
import { createWorld, type World } from '../../../test/world.js';

/** What was bought, by our books and by those of the provider, which share no line of code. */

type Report = z.output<typeof usageReport>;

let world: World;
let charged: LedgerEntry[];
let ledger: LedgerEntry[];
beforeAll(async () => {
  world = await createWorld();
  await world.simulator.faults([
    { when: { promptIncludes: 'cut' }, fault: { kind: 'reset_in_body' } },
    { when: { promptIncludes: 'gateway' }, fault: { kind: 'html_504' } },
    { when: { promptIncludes: 'refused' }, fault: { kind: 'moderation_blocked' } },
    { when: { promptIncludes: 'spoiled' }, fault: { kind: 'not_an_image' } },
    { when: { promptIncludes: 'busy' }, times: 2, fault: { kind: 'rate_limited', retryAfterMs: 1 } },
  ]);
  const low = { size: '1024x1024', quality: 'low', on_unknown_outcome: 'fail' };
  const bodies = [
    { ...low, prompt: 'plain', n: 2 },
    { ...low, prompt: 'plain', model: 'gpt-image-2' },
    { ...low, prompt: 'busy' },
    { ...low, prompt: 'cut' },
    { ...low, prompt: 'gateway', model: 'gpt-image-2' },
    { ...low, prompt: 'refused' },
    { ...low, prompt: 'spoiled' },
    { prompt: 'no price', model: 'dall-e-2', size: '256x256' },
  ];
  const jobs = await Promise.all(bodies.map(async (body) => world.submit(body)));
  await Promise.all(jobs.map(async ({ id }) => world.ended(id)));
  ledger = await world.simulator.ledger();
  charged = ledger.filter((entry) => entry.charged);
});
afterAll(async () => world.close());

const report = async (query = ''): Promise<Report> => (await world.call<Report>('GET', `/v1/usage?${query}`)).body;
const refused = async (query: string) =>
  (await world.call<{ error: { code: string; param: string } }>('GET', `/v1/usage?${query}`)).body.error;
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const micros = (usd: number | null): number => Math.round((usd ?? NaN) * 1_000_000);

describe('GET /v1/usage', () => {
  test("counts every call in the provider's ledger once, and every charge as billed or possibly billed", async () => {
    const { total } = await report();
    expect(total.requests).toBe(ledger.length);
    expect(total.outcomes.billed + total.outcomes.unknown).toBe(charged.length);
    expect(total.outcomes).toEqual({ not_sent: 0, rejected: 3, billed: ledger.length - 5, unknown: 2 });
    expect(total.unknown.requests).toBe(2);
  });

  test('counts the pictures that came, and the share of attempts that brought one', async () => {
    const { total } = await report();
    const came = ledger.filter(({ status, prompt }) => status === 200 && prompt !== 'cut');
    expect(total.images).toBe(sum(came.map(({ images }) => images)));
    expect(total.successes).toBe(came.length);
    expect(total.success_rate).toBe(total.successes / ledger.length);
    expect(total.response_seconds.p50).toBeLessThanOrEqual(total.response_seconds.p95 ?? NaN);
  });

  test('adds up to the micro-dollar what the provider charged; a price that nobody knows is counted, not 0', async () => {
    const { data, total } = await report('group_by=model');
    const ours = Object.fromEntries(data.map((group) => [group.model, group]));
    const theirs = (model: string): number =>
      sum(charged.filter((entry) => entry.model === model && entry.outcome === 'ok').map((entry) => entry.cost_micros));
    expect(micros(ours['gpt-image-2']?.cost.total ?? null)).toBe(theirs('gpt-image-2'));
    expect(ours['dall-e-2']?.cost).toEqual({ total: null, mean: null, mean_per_image: null, unpriced: 1 });
    expect(total.cost.unpriced).toBe(1);
    expect(micros(total.cost.total)).toBe(sum(data.map(({ cost }) => (cost.total === null ? 0 : micros(cost.total)))));
  });

  test('is what the jobs say of their attempts', async () => {
    const { data: jobs } = (await world.call<{ data: PresentedJob[] }>('GET', '/v1/jobs?limit=100')).body;
    const attempts = jobs.flatMap((job) => job.attempts);
    const { total } = await report();
    const cost = (outcome: string): number =>
      sum(attempts.filter((attempt) => attempt.outcome === outcome).map((attempt) => attempt.cost ?? 0));
    expect(total.requests).toBe(attempts.length);
    expect(micros(total.cost.total)).toBe(micros(cost('billed')));
    expect(micros(total.unknown.cost)).toBe(micros(cost('unknown')));
  });

  test('in every grouping the groups add up to the total', async () => {
    const day = new Date().toISOString().slice(0, 10);
    for (const names of ['day', 'model', 'provider', 'day,model', 'day,model,provider']) {
      const { data, total, group_by } = await report(`group_by=${names}`);
      expect(group_by).toEqual(names.split(','));
      expect(sum(data.map(({ requests }) => requests))).toBe(total.requests);
      expect(sum(data.map(({ images }) => images))).toBe(total.images);
      for (const group of data) {
        expect([day, null]).toContain(group.day);
        expect(group.provider).toBe(names.includes('provider') ? 'sim' : null);
      }
    }
  });

  test('filters by model, provider and time', async () => {
    const here = await report('model=gpt-image-2&provider=sim');
    expect(here.total.requests).toBe(ledger.filter(({ model }) => model === 'gpt-image-2').length);
    expect((await report('provider=elsewhere')).total.requests).toBe(0);
    expect((await report('start_time=86400&end_time=172800')).total.requests).toBe(0);
    const now = Math.floor(Date.now() / 1_000);
    expect((await report(`start_time=${now - 3_600}&end_time=${now + 1}`)).total.requests).toBe(ledger.length);
  });

  test('nothing bought is 0 requests, a cost of 0, and no rate', async () => {
    const { data, total } = await report('model=none');
    expect(data).toEqual([]);
    expect([total.cost.total, total.cost.mean, total.success_rate, total.response_seconds.p95]).toEqual([
      0,
      null,
      null,
      null,
    ]);
  });

  test.each([
    ['group_by=hour', 'group_by'],
    ['start_time=20&end_time=20', 'end_time'],
    ['limit=5', 'limit'],
    ['after=job_1-1', 'after'],
    ['outcome=billed', 'outcome'],
    ['outcome=unknown&group_by=day', 'group_by'],
    ['outcome=unknown&after=job_0000000000000000000000-1', 'after'],
  ])('%s is refused, with the name of the parameter', async (query, param) => {
    expect(await refused(query)).toMatchObject({ code: 'invalid_parameter', param });
  });
});
