import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { body, type Failure, type Images } from '../../../test/image-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type Answer, type World } from '../../../test/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld({ env: { SYNC_WAIT_MS: '700' } });
});
afterAll(async () => world.close());

describe('a call that is held too long', () => {
  const ask = async (prompt: string, headers: Record<string, string> = {}) =>
    world.call<Failure & Images>('POST', '/v1/images/generations', { ...body, prompt }, headers);

  /** What it comes to, asked again for as long as that takes: on a busy machine longer than a call is held here. */
  const outcome = async (
    prompt: string,
    held: (answer: Answer<Failure & Images>) => void = () => undefined,
  ): Promise<Answer<Failure & Images>> => {
    for (;;) {
      const answer = await ask(prompt);
      if (answer.status === 200 || answer.body.error.code !== 'job_in_progress') return answer;
      held(answer);
    }
  };

  test('is 503 job_in_progress; the same request again gets the same job, and nothing is bought twice', async () => {
    await world.simulator.faults([
      { when: { promptIncludes: 'slow' }, times: 1, fault: { kind: 'hang_before_headers' } },
    ]);
    const first = await ask('slow one');
    expect([first.status, first.body.error.code, first.headers.get('retry-after')]).toEqual([
      503,
      'job_in_progress',
      '1',
    ]);
    expect(first.headers.get('x-should-retry')).toBeNull();
    await world.simulator.release();
    const second = await outcome('slow one', (still) => {
      expect(still.headers.get('x-rendermill-job')).toBe(first.headers.get('x-rendermill-job'));
    });
    expect([second.status, second.headers.get('x-rendermill-job')]).toEqual([
      200,
      first.headers.get('x-rendermill-job'),
    ]);
    const third = await ask('slow one');
    expect(third.headers.get('x-rendermill-job')).not.toBe(first.headers.get('x-rendermill-job'));
    expect((await world.simulator.ledger()).filter(({ prompt }) => prompt === 'slow one')).toHaveLength(2);
  });

  test('says so where its only account is parked, and why', async () => {
    await world.simulator.faults([{ times: 1, fault: { kind: 'insufficient_quota' } }]);
    expect((await outcome('finds the purse empty')).body.error.code).toBe('provider_quota_exhausted');
    const { status, body: answer } = await ask('comes after');
    expect([status, answer.error.code]).toEqual([503, 'job_in_progress']);
    expect(answer.error.message).toMatch(/waiting: the account sim is parked until \S+Z \(provider_quota_exhausted: /);
    await world.redis.unlink(`${world.prefix}account:sim:park`);
    expect((await outcome('comes after')).status).toBe(200);
  });

  test('says so where only its model is parked there', async () => {
    const message = 'The quota of gpt-image-1 is used up.';
    const fault = { kind: 'ok_with_error', code: 'insufficient_user_quota', message, charge: false } as const;
    await world.simulator.faults([{ times: 1, fault }]);
    expect((await outcome('finds the quota used up')).body.error.code).toBe('provider_quota_exhausted');
    const { body: answer } = await ask('comes later');
    expect(answer.error.message).toMatch(/waiting: gpt-image-1 at the account sim is parked until \S+Z \(/);
    await world.redis.unlink(`${world.prefix}account:sim:model:gpt-image-1:park`);
    expect((await outcome('comes later')).status).toBe(200);
  });

  test('may be left by its client and claimed by the next identical request', async () => {
    await world.simulator.faults([
      { when: { promptIncludes: 'left' }, times: 1, fault: { kind: 'hang_before_headers' } },
    ]);
    const leaving = new AbortController();
    const gone = fetch(`${world.url}/v1/images/generations`, {
      method: 'POST',
      signal: leaving.signal,
      headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, prompt: 'left alone' }),
    }).catch(() => 'aborted');
    // A call is answered a moment before its job ends: that of the test before may still be in progress.
    const started = async () =>
      (await world.call<{ data: PresentedJob[] }>('GET', '/v1/jobs?status=in_progress')).body.data.find(
        ({ request }) => request.prompt === 'left alone',
      );
    await until(async () => (await started()) !== undefined);
    const id = (await started())?.id;
    leaving.abort();
    expect(await gone).toBe('aborted');
    await until(() => world.logs.some((line) => line.event === 'request.answered' && line['aborted'] === true));
    // What is not held yet would not be let go.
    await until(async () => (await world.simulator.stats()).held === 1);
    await world.simulator.release();
    await until(async () => (await world.redis.hget(`${world.prefix}job:${id}`, 'holder')) === '');
    const next = await ask('left alone');
    expect([next.status, next.headers.get('x-rendermill-job')]).toEqual([200, id]);
  });

  test('two equal requests at once are two jobs: two equal prompts are two pictures', async () => {
    const answers = await Promise.all([ask('twins'), ask('twins')]);
    const jobs = answers.map(({ headers }) => headers.get('x-rendermill-job') ?? '');
    expect(new Set(jobs).size).toBe(2);
    // A busy machine may take longer for them than a call is held here.
    for (const id of jobs) expect(await world.ended(id)).toMatchObject({ status: 'completed', paid_attempts: 1 });
    for (const { status, body: answer } of answers)
      expect(status === 200 || answer.error.code === 'job_in_progress').toBe(true);
  });

  test('with an Idempotency-Key attaches to its job, running or ended', async () => {
    const key = { 'idempotency-key': 'k-1' };
    await world.simulator.faults([
      { when: { promptIncludes: 'keyed' }, times: 1, fault: { kind: 'hang_before_headers' } },
    ]);
    const first = await ask('keyed', key);
    expect(first.status).toBe(503);
    await world.simulator.release();
    const second = await ask('keyed', key);
    const third = await ask('keyed', key);
    expect([second.status, third.status]).toEqual([200, 200]);
    expect(new Set([first, second, third].map(({ headers }) => headers.get('x-rendermill-job'))).size).toBe(1);
    expect(second.body.data).toEqual([{ ...third.body.data[0], url: expect.any(String) }]);
    expect((await ask('keyed, other body', key)).body.error.code).toBe('idempotency_key_reused');
  });
});
