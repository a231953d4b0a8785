import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import sharp from 'sharp';
import { startRelay, type Relay } from '../../../test/relay.js';
import { createWorld, type World } from '../../../test/world.js';

/** sora_image: asked for by chat completions, its picture somewhere in what the model says. */
const picture = await sharp({ create: { width: 64, height: 96, channels: 3, background: '#285028' } })
  .png()
  .toBuffer();
const sha256 = createHash('sha256').update(picture).digest('hex');
const dataUrl = `data:image/png;base64,${picture.toString('base64')}`;
const says = (content: unknown, more: object = {}) => ({
  json: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    choices: [{ message: { role: 'assistant', content, ...more } }],
  },
});

let relay: Relay;
let world: World;
beforeAll(async () => {
  relay = await startRelay(picture, () => says(''));
  world = await createWorld({ account: { preset: 'apiyi', base_url: relay.url } });
});
afterAll(async () => {
  await world.close();
  await relay.close();
});
beforeEach(() => void relay.calls.splice(0));

const made = async (body: object): Promise<PresentedJob> =>
  world.ended((await world.submit({ model: 'sora_image', ...body })).id);

test.each([
  ['1024x1024', '【1:1】'],
  ['1024x1536', '【2:3】'],
  ['1536x1024', '【3:2】'],
  ['auto', ''],
])('size %s is asked for in the prompt as "%s"', async (size, words) => {
  relay.answer = () => says(`![picture](${relay.link})`);
  expect(await made({ prompt: 'a mug', size })).toMatchObject({ status: 'completed', cost: { actual: 0.01 } });
  expect(relay.calls).toMatchObject([{ path: '/v1/chat/completions' }]);
  expect(relay.calls[0]?.json).toEqual({
    model: 'sora_image',
    stream: false,
    messages: [{ role: 'user', content: `a mug${words}` }],
  });
});

test('several pictures are made in calls of one', async () => {
  relay.answer = () => says(`![picture](${relay.link})`);
  expect((await made({ prompt: 'three mugs', n: 3 })).images).toHaveLength(3);
  expect(relay.calls).toHaveLength(3);
});

describe('the picture is found', () => {
  test.each<[string, () => { json: unknown }]>([
    [
      'in a markdown image, before the links beside it',
      () => says(`Done 100%\n\n![a](${relay.link})\n[download](http://127.0.0.1:1/x)`),
    ],
    ['as a bare link, where nothing is marked', () => says(`Here it is: ${relay.link}.\n`)],
    ['as a data URL in the text', () => says(`![a](${dataUrl})`)],
    ['in the parts of a text', () => says([{ type: 'text', text: `![a](${relay.link})` }])],
    ['beside the text, as a link', () => says('', { images: [{ image_url: { url: relay.link } }] })],
    ['beside the text, as a data URL', () => says('Here.', { images: [{ image_url: { url: dataUrl } }] })],
    ['in the shape of the images API', () => ({ json: { created: 1, data: [{ url: relay.link }] } })],
  ])('%s', async (_where, answer) => {
    relay.answer = answer;
    const job = await made({ prompt: 'a mug' });
    expect(job).toMatchObject({ status: 'completed', images: [{ sha256, width: 64, height: 96 }] });
    expect(relay.calls).toHaveLength(1);
  });
});

test('words without a picture are no picture: counted as possibly billed, asked for under the cap, told in the error', async () => {
  relay.answer = () => says('The picture could not be made, try later.');
  const job = await made({ prompt: 'a mug' });
  expect(job).toMatchObject({ status: 'failed', paid_attempts: 2, error: { code: 'bad_provider_response' } });
  expect(job.attempts.map(({ outcome, error }) => [outcome, error?.message])).toEqual(
    [1, 2].map(() => ['unknown', expect.stringContaining('The picture could not be made')]),
  );
  expect(relay.calls).toHaveLength(2);
});

test('a refusal in words is a refusal', async () => {
  relay.answer = () => says('This request goes against our content policy.');
  expect(await made({ prompt: 'a mug' })).toMatchObject({
    status: 'failed',
    error: { code: 'content_policy_violation' },
  });
  expect(relay.calls).toHaveLength(1);
});

describe('what a provider cannot do is refused before anything is paid', () => {
  test.each([
    [
      'a prompt that is too long for it',
      { model: 'gpt-image-1', prompt: 'x'.repeat(1_001) },
      'prompt',
      '1000 characters',
    ],
    ['a parameter that it drops', { model: 'gpt-image-2.6-flare', complexity: 'high' }, 'complexity', 'without a word'],
    ['a quality of a model that has none', { model: 'sora_image', quality: 'high' }, 'quality', 'takes no quality'],
    [
      'an edit by a model that generates only',
      { model: 'sora_image', type: 'edit', image: dataUrl },
      'model',
      'cannot edit',
    ],
    ['a size that it does not make', { model: 'sora_image', size: '512x512' }, 'size', 'makes 1024x1024'],
  ])('%s', async (_what, body, param, words) => {
    const { status, body: answer } = await world.call<{ error: { param: string; message: string } }>(
      'POST',
      '/v1/jobs',
      { type: 'generation', prompt: 'a mug', ...body },
    );
    expect([status, answer.error.param]).toEqual([400, param]);
    expect(answer.error.message).toContain(words);
    expect(relay.calls).toEqual([]);
  });
});
