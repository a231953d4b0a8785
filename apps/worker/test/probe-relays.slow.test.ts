import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { startRelay, type Relay, type RelayAnswer, type RelayCall } from '../../../test/relay.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Probes of relays that do what no simulator does. */

interface Provider {
  probe: {
    status: string;
    calls: { step: string; came_to: string }[];
    error: { code: string; message: string } | null;
  };
  profile: { findings: { feature: string; verdict: string; value?: string }[] }[];
}

const model = 'gpt-image-1';
const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#c05028' } })
  .png()
  .toBuffer();
const item = { b64_json: png.toString('base64') };
const picture = `data:image/png;base64,${item.b64_json}`;
const refuse = (status: number, message: string, code = ''): RelayAnswer => ({
  status,
  json: { error: { message, type: 'new_api_error', param: '', code } },
});

let relay: Relay;
let world: World;
beforeAll(async () => {
  relay = await startRelay(png, () => ({ json: { data: [item] } }));
  world = await createWorld({ account: { base_url: relay.url } });
});
afterAll(async () => {
  await world.close();
  await relay.close();
});

async function probe(answer: (call: RelayCall) => RelayAnswer): Promise<Provider> {
  relay.answer = answer;
  const ask = async <T>(body: unknown) => (await world.call<T>('POST', '/v1/providers/sim/probe', body)).body;
  const { id } = await ask<{ id: string }>((await ask<{ consent: object }>({ model })).consent);
  const read = async () => (await world.call<Provider & { probe: { id: string } }>('GET', '/v1/providers/sim')).body;
  await until(async () => (await read()).probe.status !== 'running');
  expect((await read()).probe.id).toBe(id);
  return read();
}
const found = ({ profile }: Provider) =>
  Object.fromEntries((profile[0]?.findings ?? []).map(({ feature, verdict, value }) => [feature, value ?? verdict]));
const edit = async () => world.submit({ type: 'edit', model, prompt: 'an edit', quality: 'low', image: picture });

test('one that bills more than it says: the next call is not made where it does not fit', async () => {
  const usage = { input_tokens: 1_000, output_tokens: 100_000, total_tokens: 101_000 };
  const { probe: ended } = await probe(() => ({ json: { data: [item], usage } }));
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded' } });
  expect(ended.error?.message).toMatch(
    /max_cost is \$0\.\d+: \$4\.005 is spent, and 'edit_of_two_images_and_mask' costs/,
  );
  expect(ended.calls.map(({ came_to }) => came_to)).toEqual(['accepted']);
});

test('one without a route for edits: known after one paid call, and asked for none from then on', async () => {
  const paths: string[] = [];
  const after = await probe(({ path }) => {
    paths.push(path);
    return path.endsWith('/edits')
      ? refuse(501, 'API not implemented', 'api_not_implemented')
      : { json: { data: [item] } };
  });
  expect(after.probe.status).toBe('completed');
  expect(paths.filter((path) => path.endsWith('/generations'))).toHaveLength(1);
  expect(found(after)).toMatchObject({ generation: 'taken', edit: 'refused' });
  expect(found(after)).not.toHaveProperty('mask');
  const { status, body } = await world.call<{ error: { param: string; message: string } }>('POST', '/v1/jobs', {
    type: 'edit',
    model,
    prompt: 'x',
    image: picture,
  });
  expect([status, body.error.param]).toEqual([400, 'type']);
  expect(body.error.message).toMatch(/does not take edit .*found by probe prb_\w+ on .*API not implemented/);
});

test('one that takes edits as JSON only gets them so', async () => {
  const after = await probe(({ path, json }) =>
    path.endsWith('/edits') && !json ? refuse(400, 'multipart is not supported') : { json: { data: [item] } },
  );
  expect(after.probe.calls.at(-1)).toMatchObject({ step: 'edit_of_one_image_as_json', came_to: 'accepted' });
  expect(found(after)).toMatchObject({ edit: 'taken', edit_form: 'json' });
  expect((await world.ended((await edit()).id)).status).toBe('completed');
  expect(relay.calls.at(-1)).toMatchObject({ path: '/v1/images/edits', json: { images: [{ image_url: picture }] } });
});

test('one that takes nothing but words: the parameters are not blamed for it', async () => {
  const after = await probe(({ json }) =>
    json?.['moderation'] === undefined ? { json: { data: [item] } } : refuse(400, 'bad request'),
  );
  expect(after.probe.calls.slice(0, 2)).toMatchObject([
    { step: 'generation_with_every_parameter', came_to: 'refused' },
    { step: 'generation', came_to: 'accepted' },
  ]);
  expect(found(after)).toMatchObject({ generation: 'taken', answers: 'bytes' });
  // What an earlier probe found of them is not known any more.
  expect(found(after)).not.toHaveProperty('moderation');
  const record = await world.storage.get('_accounts/sim/profile.json');
  const text = (await record?.body.toArray())?.join('') ?? '';
  expect(Object.keys((JSON.parse(text) as { findings: Record<string, object> }).findings[model] ?? {})).toEqual(
    expect.not.arrayContaining(['moderation']),
  );
});

test('a dead key ends the probe with its reason, and what was known stays', async () => {
  const after = await probe(() => refuse(401, 'Invalid token'));
  expect(after.probe).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('Invalid token') } });
  expect(after.probe.error?.message).not.toContain('billed');
  expect(found(after)).toMatchObject({ generation: 'taken' });
  await world.redis.unlink(`${world.prefix}account:sim:park`);
});
