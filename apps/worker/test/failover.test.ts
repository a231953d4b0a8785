import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { SimulatorProcess } from '../../../test/simulator.js';
import { createWorld, type World } from '../../../test/world.js';

/** A job that an account refuses goes on at another. Both providers keep books of their own. */

const callsAt = async (provider: SimulatorProcess | undefined, prompt: string) =>
  (await provider?.ledger())?.filter((entry) => entry.prompt === prompt) ?? [];
const history = (job: PresentedJob) => job.attempts.map(({ provider, outcome }) => `${provider} ${outcome}`);

describe('with two accounts of different priority', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ others: { second: { priority: 1 } } });
  });
  afterAll(async () => world.close());

  test('a model that the first does not sell is bought at the second; one picture is paid', async () => {
    const prompt = 'sold elsewhere';
    await world.simulator.faults([{ when: { promptIncludes: prompt }, fault: { kind: 'model_not_found' } }]);
    const job = await world.ended((await world.submit({ prompt })).id);
    expect([job.status, job.provider, job.paid_attempts]).toEqual(['completed', 'second', 1]);
    expect(history(job)).toEqual(['sim rejected', 'second billed']);
    const calls = [...(await callsAt(world.simulator, prompt)), ...(await callsAt(world.others['second'], prompt))];
    expect(calls.map(({ charged }) => charged)).toEqual([false, true]);
    const line = world.logs.find(({ event, job: id }) => event === 'job.failed_over' && id === job.id);
    expect(line).toMatchObject({ provider: 'sim', code: 'no_provider_for_model', left: ['second'] });
    expect(await world.worker?.deps.metrics.registry.metrics()).toMatch(
      /rendermill_failovers_total\{provider="sim",code="no_provider_for_model",app="worker"\} 1/,
    );
  });

  test('what every account refuses fails with the last reason, each asked once; a retry asks them again', async () => {
    const prompt = 'sold nowhere';
    const rule = { when: { promptIncludes: prompt } };
    await world.simulator.faults([{ ...rule, fault: { kind: 'model_not_found', status: 503 } }]);
    await world.others['second']?.faults([{ ...rule, times: 1, fault: { kind: 'model_not_found' } }]);
    const job = await world.ended((await world.submit({ prompt })).id);
    expect([job.status, job.error?.code, job.paid_attempts]).toEqual(['failed', 'no_provider_for_model', 0]);
    expect(job.error?.message).toMatch(/answered 404/);
    expect(history(job)).toEqual(['sim rejected', 'second rejected']);
    await world.call('POST', `/v1/jobs/${job.id}/retry`);
    const again = await world.ended(job.id);
    expect([again.status, again.paid_attempts]).toEqual(['completed', 1]);
    expect(history(again).slice(2)).toEqual(['sim rejected', 'second billed']);
  });

  test('a job pinned to the first never leaves it', async () => {
    const prompt = 'pinned';
    await world.simulator.faults([{ when: { promptIncludes: prompt }, fault: { kind: 'model_not_found' } }]);
    const job = await world.ended((await world.submit({ prompt, provider: 'sim' })).id);
    expect([job.status, job.error?.code]).toEqual(['failed', 'no_provider_for_model']);
    expect(await callsAt(world.others['second'], prompt)).toEqual([]);
  });

  test('what the provider says about the request is final: nobody else is asked', async () => {
    const prompt = 'refused for its words';
    await world.simulator.faults([{ when: { promptIncludes: prompt }, fault: { kind: 'moderation_blocked' } }]);
    const job = await world.ended((await world.submit({ prompt })).id);
    expect([job.error?.code, history(job)]).toEqual(['moderation_blocked', ['sim rejected']]);
  });
});

test('an account that fails a job in all its tries is left for the next, which has tries of its own', async () => {
  const world = await createWorld({ worker: false, others: { second: { priority: 1 } } });
  await world.simulator.faults([{ fault: { kind: 'server_error' } }]);
  await world.others['second']?.faults([{ times: 1, fault: { kind: 'server_error' } }]);
  const { id } = await world.submit({ prompt: 'all tries' });
  // As if seven tries had gone before.
  await world.redis.hset(`${world.prefix}job:${id}`, 'tries', 7);
  await world.startWorker();
  const job = await world.ended(id);
  expect(history(job)).toEqual(['sim rejected', 'second rejected', 'second billed']);
  expect([(await world.simulator.stats()).charged, (await world.others['second']?.stats())?.charged]).toEqual([0, 1]);
  await world.close();
});

test('what may have been billed counts against one cap, whichever accounts it was bought at', async () => {
  const world = await createWorld({
    account: { limits: { requests_per_minute: 1 } },
    others: { second: { priority: 1 } },
  });
  const providers = [world.simulator, world.others['second']];
  for (const provider of providers) await provider?.faults([{ fault: { kind: 'html_504' } }]);
  const job = await world.ended((await world.submit({ prompt: 'twice at most' })).id);
  expect([job.status, job.error?.code, job.paid_attempts]).toEqual(['failed', 'outcome_unknown', 2]);
  expect(history(job)).toEqual(['sim unknown', 'second unknown']);
  const charged = await Promise.all(providers.map(async (provider) => (await provider?.stats())?.charged));
  expect(charged).toEqual([1, 1]);
  await world.close();
});
