import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { subjectOf } from '@rendermill/shared/domain/profile';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { createWorld, type World } from '../../../test/world.js';
import { until } from '../../../test/until.js';

/** A parameter that a provider turns out not to know: left out and asked once more, or another account's, or a 400. */

interface Finding {
  feature: string;
  verdict: string;
  message: string | null;
  probe: string | null;
  job: string;
}

let world: World;
beforeAll(async () => {
  world = await createWorld({
    simulator: ['--unknown', 'moderation', '--unknown', 'user', '--unknown', 'background'],
    others: { second: { priority: 1 } },
  });
});
afterAll(async () => world.close());

const low = { quality: 'low', size: '1024x1024' };
const history = (job: PresentedJob) => job.attempts.map(({ provider, outcome }) => `${provider} ${outcome}`);
const callsOf = async (prompt: string) => (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt);
const profile = async (): Promise<Finding[]> => {
  const { body } = await world.call<{ profile: { model: string; findings: Finding[] }[] }>('GET', '/v1/providers/sim');
  return body.profile.flatMap(({ findings }) => findings);
};
const found = async (feature: string) => until(async () => (await profile()).some((one) => one.feature === feature));

test('what does not change the picture is left out, one after the other, and the picture is paid once', async () => {
  const job = await world.ended((await world.submit({ ...low, moderation: 'low', user: 'shop-7' })).id);
  expect(job).toMatchObject({ status: 'completed', paid_attempts: 1, provider: 'sim' });
  expect(history(job)).toEqual(['sim rejected', 'sim rejected', 'sim billed']);
  expect(job.attempts.map((attempt) => attempt.ignored_parameters ?? [])).toEqual([
    [],
    [expect.any(String)],
    ['moderation', 'user'],
  ]);
  expect(job.attempts[0]?.error?.message).toContain('unknown_parameter');
  const told = world.logs.filter((line) => line.event === 'parameter.unknown' && line['job'] === job.id);
  expect(told.map((line) => line['parameter'])).toEqual(expect.arrayContaining(['moderation', 'user']));
  expect((await world.simulator.stats()).charged).toBe(1);
});

test('it is remembered: the next job does not send it, and is asked for once', async () => {
  await found('moderation');
  await found('user');
  const job = await world.ended((await world.submit({ ...low, prompt: 'the next', moderation: 'low' })).id);
  expect(history(job)).toEqual(['sim billed']);
  expect(job.attempts[0]?.ignored_parameters).toEqual(['moderation']);
  expect(await callsOf('the next')).toHaveLength(1);
});

test('the profile says by which job it was found, and in the provider’s words', async () => {
  const one = (await profile()).find(({ feature }) => feature === 'moderation');
  expect(one).toMatchObject({ verdict: 'refused', probe: null, job: expect.stringMatching(/^job_/) });
  expect(one?.message).toContain("Unknown parameter: 'moderation'");
});

test('what would make another picture goes to an account that takes it', async () => {
  const ask = { ...low, prompt: 'see-through', background: 'transparent' };
  const job = await world.ended((await world.submit(ask)).id);
  expect(history(job)).toEqual(['sim rejected', 'second billed']);
  await found('background');
  // From then on the router knows.
  const next = await world.ended((await world.submit(ask)).id);
  expect(history(next)).toEqual(['second billed']);
});

test('where nobody else is asked for, it is a 400 that says who found it and when', async () => {
  const { status, body } = await world.call<{ error: { message: string; param: string } }>('POST', '/v1/jobs', {
    type: 'generation',
    prompt: 'see-through',
    model: 'gpt-image-1',
    background: 'transparent',
    provider: 'sim',
  });
  expect([status, body.error.param]).toEqual([400, 'background']);
  expect(body.error.message).toMatch(/does not take background .*found by job job_\w+ on \d{4}-\d\d-\d\d\)$/);
});

test('what says only what is done anyway is left out all the same', async () => {
  const job = await world.ended((await world.submit({ ...low, background: 'auto', provider: 'sim' })).id);
  expect(history(job)).toEqual(['sim billed']);
  // To say nothing is to say auto: it is not told as ignored.
  expect(job.attempts[0]?.ignored_parameters).toBeUndefined();
});

test('another model of the account is asked in full: nothing is known of it', async () => {
  const ask = { ...low, model: 'gpt-image-1-mini', prompt: 'another model', moderation: 'low', provider: 'sim' };
  const job = await world.ended((await world.submit(ask)).id);
  expect(history(job)).toEqual(['sim rejected', 'sim billed']);
});

test('a name that was never sent is not asked again', async () => {
  await world.simulator.faults([
    {
      when: { promptIncludes: 'colour' },
      fault: {
        kind: 'ok_with_error',
        code: 'unknown_parameter',
        message: "Unknown parameter: 'colour'.",
        charge: false,
      },
    },
  ]);
  const job = await world.ended((await world.submit({ ...low, prompt: 'colour', provider: 'sim' })).id);
  expect([job.status, job.error?.code, history(job)]).toEqual(['failed', 'invalid_request', ['sim rejected']]);
  await world.simulator.faults([]);
});

test('a provider that goes on naming what was left out is asked no more', async () => {
  await world.simulator.faults([
    {
      when: { promptIncludes: 'stubborn' },
      fault: {
        kind: 'ok_with_error',
        code: 'unknown_parameter',
        message: "Unknown parameter: 'safety_identifier'.",
        charge: false,
      },
    },
  ]);
  const ask = { ...low, prompt: 'stubborn', provider: 'sim', safety_identifier: 'x' };
  const job = await world.ended((await world.submit(ask)).id);
  expect([job.status, history(job)]).toEqual(['failed', ['sim rejected', 'sim rejected']]);
  await world.simulator.faults([]);
});

test('a job that was routed before it was found out makes no other picture: it goes elsewhere, or fails by name', async () => {
  const late = await createWorld({ worker: false, others: { second: { priority: 1 } } });
  const [account] = loadConfiguration(late.env).accounts;
  if (!account) throw new Error('no account');
  const ask = { ...low, background: 'transparent' };
  const [free, pinned] = await Promise.all([late.submit(ask), late.submit({ ...ask, provider: 'sim' })]);
  const finding = { verdict: 'refused', message: 'no', at: Date.now(), probe: 'prb_1', job: 'job_1' };
  await late.redis.hset(
    `${late.prefix}account:sim:profile`,
    'background|gpt-image-1',
    JSON.stringify({ ...finding, subject: subjectOf(account) }),
  );
  await late.startWorker();
  expect(history(await late.ended(free.id))).toEqual(['second billed']);
  const failed = await late.ended(pinned.id);
  expect(failed).toMatchObject({
    status: 'failed',
    attempts: [],
    error: { code: 'invalid_request', param: 'background' },
  });
  expect(failed.error?.message).toContain('found by probe prb_1');
  expect((await late.simulator.stats()).requests).toBe(0);
  await late.close();
});

test('the configuration has the last word', async () => {
  const told = await createWorld({ account: { accepts: { mask: false, background: true, moderation: false } } });
  const mask = { type: 'edit', image: 'https://shop.example/a.png', mask: 'https://shop.example/m.png' };
  const { status, body } = await told.call<{ error: { message: string } }>('POST', '/v1/jobs', {
    ...low,
    ...mask,
    prompt: 'x',
  });
  expect([status, body.error.message]).toEqual([
    400,
    expect.stringMatching(/does not take mask .*by its configuration/),
  ]);
  const job = await told.ended((await told.submit({ ...low, moderation: 'low', background: 'opaque' })).id);
  expect(job.attempts.map((attempt) => attempt.ignored_parameters)).toEqual([['moderation']]);
  await told.close();
});

test('calls that go side by side are each refused for nothing once, and each picture is paid once', async () => {
  const side = await createWorld({
    account: { preset: 'cometapi', limits: { concurrency: 4 } },
    simulator: ['--unknown', 'moderation', '--unknown', 'user', '--unknown', 'output_compression'],
  });
  const ask = { ...low, n: 10, moderation: 'low', user: 'a', output_format: 'jpeg', output_compression: 50 };
  const job = await side.ended((await side.submit(ask)).id);
  expect(job).toMatchObject({ status: 'completed', paid_attempts: 10 });
  expect(job.images).toHaveLength(10);
  expect((await side.simulator.stats()).charged).toBe(10);
  await side.close();
});
