import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { readJobDocument } from '@rendermill/shared/domain/job-document';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { createWorld, type World } from '../../../test/world.js';
import { until } from '../../../test/until.js';
import { readText } from '../src/use-cases/read-text.js';

/** A probe finds out what an account takes; from then on the router goes by it. Each account has a provider of its own. */

interface Probe {
  id: string;
  status: string;
  cost: number | null;
  calls: { step: string; job: string; came_to: string; cost: number | null }[];
  error: { code: string; message: string } | null;
}
interface Provider {
  probe: Probe | null;
  profile: { model: string; findings: { feature: string; verdict: string; value?: string; stale: string | null }[] }[];
}

const model = 'gpt-image-1';
const relays: Record<string, readonly string[]> = {
  strict: ['--strict'],
  maskless: ['--unknown', 'mask', '--unknown', 'moderation'],
  linker: ['--answers', 'url', '--dropped', 'size', '--dropped', 'output_format'],
  single: ['--max-inputs', '1'],
  plain: ['--unknown', 'image[]'],
  poor: [],
};

let world: World;
beforeAll(async () => {
  world = await createWorld({
    others: Object.fromEntries(Object.keys(relays).map((id, i) => [id, { priority: i + 1 }])),
    otherSimulators: relays,
  });
});
afterAll(async () => world.close());

const provider = async (id: string) => (await world.call<Provider>('GET', `/v1/providers/${id}`)).body;

/** Probes an account and answers what it told before, and how it stands after. */
async function probe(id: string) {
  const ask = async <T>(body: unknown) => (await world.call<T>('POST', `/v1/providers/${id}/probe`, body)).body;
  const quote = await ask<{ cost: { expected: number; max: number }; consent: object }>({ model });
  const begun = await ask<Probe>(quote.consent);
  await until(async () => (await provider(id)).probe?.status !== 'running');
  const after = await provider(id);
  expect(after.probe?.id).toBe(begun.id);
  const findings = after.profile.find((row) => row.model === model)?.findings ?? [];
  const found = Object.fromEntries(findings.map(({ feature, verdict, value }) => [feature, value ?? verdict]));
  return { quote, probe: after.probe as Probe, found };
}

async function spentAt(id: string): Promise<number> {
  const entries = (await world.others[id]?.ledger()) ?? [];
  return entries.reduce((sum, { cost_micros }) => sum + cost_micros, 0) / 1_000_000;
}

const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#c05028' } })
  .png()
  .toBuffer();
const picture = `data:image/png;base64,${png.toString('base64')}`;
const edit = (images: number, more: object = {}) => ({
  type: 'edit',
  model,
  prompt: 'an edit',
  quality: 'low',
  images: Array(images).fill(picture),
  ...more,
});

describe('an account that takes what OpenAI takes', () => {
  test('is known after two paid calls; what was told, with a little more for its words, is what the provider’s own books say', async () => {
    const { quote, probe: ended, found } = await probe('strict');
    expect(ended).toMatchObject({ status: 'completed', error: null });
    expect(ended.calls.map(({ step, came_to }) => [step, came_to])).toEqual([
      ['generation_with_every_parameter', 'accepted'],
      ['edit_of_two_images_and_mask', 'accepted'],
    ]);
    expect(ended.cost).toBe(await spentAt('strict'));
    expect(ended.cost).toBeLessThanOrEqual(quote.cost.expected);
    expect(ended.cost).toBeGreaterThan(quote.cost.expected * 0.98);
    expect(found).toEqual({
      generation: 'taken',
      edit: 'taken',
      several_images: 'taken',
      mask: 'taken',
      several_images_with_mask: 'taken',
      images_field: 'image[]',
      edit_form: 'multipart',
      answers: 'bytes',
      size: 'obeyed',
      output_format: 'obeyed',
      quality: 'taken',
      background: 'taken',
      output_compression: 'taken',
      moderation: 'taken',
      user: 'taken',
      response_format: 'refused',
    });
  });

  test('its calls are jobs in the ledger and in the usage, marked as the probe’s', async () => {
    const { probe: ended } = await provider('strict');
    const jobs = await Promise.all(
      (ended?.calls ?? []).map(async ({ job }) => (await world.call<PresentedJob>('GET', `/v1/jobs/${job}`)).body),
    );
    expect(jobs.map((job) => [job.status, job.provider, job.probe?.id])).toEqual(
      [1, 2].map(() => ['completed', 'strict', ended?.id]),
    );
    const { body } = await world.call<{ data: { provider: string; images: number }[] }>(
      'GET',
      '/v1/usage?group_by=provider',
    );
    expect(body.data.find((row) => row.provider === 'strict')?.images).toBe(2);
    const again = await world.call<{ error: { code: string } }>('POST', `/v1/jobs/${jobs[0]?.id}/retry`);
    expect(again.body.error.code).toBe('job_not_retryable');
  });

  test('each of its calls is a probe’s by its record too, should the ledger be lost', async () => {
    const { probe: ended } = await provider('strict');
    const marks: unknown[] = [];
    for await (const { key } of world.storage.list('')) {
      if (!ended?.calls.some(({ job }) => key.endsWith(`${job}/job.json`))) continue;
      const { id, probe: mark } = readJobDocument((await readText(world.storage, key)) ?? '');
      marks.push([ended.calls.find(({ job }) => job === id)?.step, mark]);
    }
    const id = ended?.id;
    expect(marks).toHaveLength(2);
    expect(marks).toEqual(
      expect.arrayContaining((ended?.calls ?? []).map(({ step }) => [step, expect.objectContaining({ id, step })])),
    );
  });

  test('is written down in the bucket', async () => {
    const { body } = (await world.storage.get('_accounts/strict/profile.json')) ?? { body: [] };
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    const record = JSON.parse(Buffer.concat(chunks).toString()) as Provider & { findings: Record<string, object> };
    expect(record.probe).toMatchObject({ status: 'completed' });
    expect(Object.keys(record.findings[model] ?? {})).toContain('mask');
  });
});

describe('an account that does not know mask and moderation', () => {
  test('is found out without paying for what it refuses', async () => {
    const { quote, probe: ended, found } = await probe('maskless');
    expect(ended.status).toBe('completed');
    expect(ended.calls.map(({ step, came_to }) => `${step} ${came_to}`)).toEqual([
      'generation_with_every_parameter accepted',
      'edit_of_two_images_and_mask refused',
      'edit_of_two_images accepted',
      'edit_of_one_image_and_mask refused',
    ]);
    expect(await spentAt('maskless')).toBe(ended.cost);
    expect(ended.cost).toBeLessThanOrEqual(quote.cost.max);
    expect(found).toMatchObject({
      mask: 'refused',
      several_images: 'taken',
      moderation: 'refused',
      response_format: 'obeyed',
    });
  });

  test('gets no edit with a mask from then on, and no moderation', async () => {
    const { body } = await world.call<{ error: { param: string; message: string } }>('POST', '/v1/jobs', {
      ...edit(1, { provider: 'maskless' }),
      mask: picture,
    });
    expect(body.error.param).toBe('mask');
    expect(body.error.message).toMatch(/maskless does not take mask .*found by probe prb_\w+ on \d{4}-/);
    const job = await world.ended((await world.submit({ provider: 'maskless', quality: 'low', moderation: 'low' })).id);
    expect(job.attempts.map(({ outcome, ignored_parameters }) => [outcome, ignored_parameters])).toEqual([
      ['billed', ['moderation']],
    ]);
  });
});

describe('an account that answers by links only, and does not hear size and format', () => {
  test('shows so by its pictures', async () => {
    const { found } = await probe('linker');
    expect(found).toMatchObject({
      answers: 'link',
      response_format: 'ignored',
      size: 'ignored',
      output_format: 'ignored',
    });
  });

  test('gets no job that asks for a size', async () => {
    const body = { type: 'generation', model, prompt: 'wide', provider: 'linker', size: '1536x1024' };
    const { status, body: answer } = await world.call<{ error: { message: string } }>('POST', '/v1/jobs', body);
    expect([status, answer.error.message]).toEqual([400, expect.stringContaining('seen to be ignored')]);
    const job = await world.ended((await world.submit({ provider: 'linker', quality: 'low', size: 'auto' })).id);
    expect(job.status).toBe('completed');
    const last = (await world.others['linker']?.ledger())?.at(-1);
    expect(Object.keys(last?.fields ?? {})).not.toContain('response_format');
  });
});

test('an account that takes one image only: found in both form fields, and given no edit of two', async () => {
  const { probe: ended, found } = await probe('single');
  expect(ended.calls.map(({ step, came_to }) => `${step} ${came_to}`)).toEqual([
    'generation_with_every_parameter accepted',
    'edit_of_two_images_and_mask refused',
    'edit_of_two_images refused',
    'edit_of_two_images_as_image refused',
    'edit_of_one_image_and_mask accepted',
  ]);
  expect(found).toMatchObject({ edit: 'taken', mask: 'taken', several_images: 'refused' });
  const { body } = await world.call<{ error: { param: string } }>('POST', '/v1/jobs', edit(2, { provider: 'single' }));
  expect(body.error.param).toBe('image');
});

test('an account that wants several images under `image` gets them so', async () => {
  const { found } = await probe('plain');
  expect(found).toMatchObject({ several_images: 'taken', images_field: 'image', mask: 'taken' });
  const job = await world.ended((await world.submit(edit(2, { provider: 'plain' }))).id);
  expect(job).toMatchObject({ status: 'completed', paid_attempts: 1 });
  const last = (await world.others['plain']?.ledger())?.at(-1);
  expect(last?.inputs.map(({ field }) => field)).toEqual(['image', 'image']);
});

test('a call that tells nothing ends the probe, with what was found until then', async () => {
  await world.others['poor']?.faults([{ when: { path: '/images/edits' }, fault: { kind: 'html_504' } }]);
  const { probe: ended, found } = await probe('poor');
  expect(ended).toMatchObject({
    status: 'failed',
    error: { message: expect.stringMatching(/told nothing .*may have been billed/) },
  });
  expect(ended.calls.map(({ came_to }) => came_to)).toEqual(['accepted', 'failed']);
  expect(found).toMatchObject({ generation: 'taken', size: 'obeyed' });
  expect(found).not.toHaveProperty('edit');
  // Nothing is bought twice for a probe.
  expect((await world.others['poor']?.stats())?.charged).toBe(2);
});

test('what is in Redis alone is brought back from the bucket', async () => {
  const { probe: last, profile } = await provider('strict');
  await world.redis.del(`${world.prefix}account:strict:profile`, `${world.prefix}account:strict:probe`);
  expect((await provider('strict')).probe).toBeNull();
  await world.startWorker();
  await until(async () => (await provider('strict')).probe !== null);
  expect(await provider('strict')).toMatchObject({ probe: last, profile });
});

test('what was found of another key is shown as stale, and not gone by', async () => {
  const key = `${world.prefix}account:single:profile`;
  const place = `several_images|${model}`;
  const finding = JSON.parse((await world.redis.hget(key, place)) ?? '') as object;
  const set = async (change: object) => world.redis.hset(key, place, JSON.stringify({ ...finding, ...change }));
  const stale = async () =>
    (await provider('single')).profile[0]?.findings.find(({ feature }) => feature === 'several_images')?.stale;
  const submit = async () => (await world.call('POST', '/v1/jobs', edit(2, { provider: 'single' }))).status;
  expect([await stale(), await submit()]).toEqual([null, 400]);
  await set({ subject: 'another' });
  expect([await stale(), await submit()]).toEqual(['reconfigured', 202]);
  await set({ at: Date.now() - 31 * 86_400_000 });
  expect([await stale(), await submit()]).toEqual(['age', 202]);
  await set({});
  expect([await stale(), await submit()]).toEqual([null, 400]);
});
