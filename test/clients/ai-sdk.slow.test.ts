import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../world.js';
import { createOpenAI, createOpenAICompatible, generateImage, type ImageModel } from './ai-sdk.mjs';
import { callsFor, expectUntouched, jobsFor, picture, sha } from './support.js';

/** Vercel's AI SDK, through both of its providers, with only the base URL changed. */
let world: World;
let requests: string[];
beforeAll(async () => {
  world = await createWorld({ simulator: ['--strict'] });
});
afterAll(async () => world.close());

const counting: typeof fetch = async (input, init) => {
  requests.push(new URL(input instanceof Request ? input.url : input).pathname);
  return fetch(input, init);
};
const options = () => ({ baseURL: `${world.url}/v1`, apiKey: world.key, fetch: counting });

describe.each([
  ['@ai-sdk/openai', 'openai', (id: string): ImageModel => createOpenAI(options()).image(id)],
  [
    '@ai-sdk/openai-compatible',
    'rendermill',
    (id: string): ImageModel => createOpenAICompatible({ name: 'rendermill', ...options() }).imageModel(id),
  ],
] as const)('generateImage through %s', (name, provider, modelOf) => {
  const generate = async (given: Omit<Parameters<typeof generateImage>[0], 'model'>, id = 'gpt-image-1') => {
    requests = [];
    return generateImage({ model: modelOf(id), ...given });
  };

  test('makes a picture from a prompt, the very bytes of the provider', async () => {
    const prompt = `from a prompt, ${name}`;
    const providerOptions = { [provider]: { quality: 'low', background: 'opaque' } };
    const { images, usage } = await generate({ prompt, size: '1024x1536', providerOptions });
    expect(images.map(({ mediaType }) => mediaType)).toEqual(['image/png']);
    await expectUntouched(
      world,
      await jobsFor(world, prompt),
      images.map(({ uint8Array }) => uint8Array),
    );
    expect((await callsFor(world, prompt))[0]?.fields).toMatchObject({
      size: '1024x1536',
      quality: 'low',
      background: 'opaque',
    });
    if (name === '@ai-sdk/openai') expect(usage.outputTokens).toBeGreaterThan(0);
  });

  test('n makes as many, in one call', async () => {
    const prompt = `three of them, ${name}`;
    const { images } = await generate({ prompt, n: 3 });
    expect(images).toHaveLength(3);
    await expectUntouched(
      world,
      await jobsFor(world, prompt),
      images.map(({ uint8Array }) => uint8Array),
    );
    expect(requests).toEqual(['/v1/images/generations']);
  });

  test.each([1, 2])('edits %i image(s) with a mask', async (count) => {
    const text = `edited from ${count}, ${name}`;
    const pictures = await Promise.all([64, 80].slice(0, count).map(async (edge) => picture(edge)));
    const mask = await picture(64, 0);
    const prompt = { text, images: pictures.map((bytes) => new Uint8Array(bytes)), mask: new Uint8Array(mask) };
    const { images } = await generate({ prompt });
    await expectUntouched(
      world,
      await jobsFor(world, text),
      images.map(({ uint8Array }) => uint8Array),
    );
    const [call] = await callsFor(world, text);
    expect(call?.inputs.map(({ sha256 }) => sha256)).toEqual(pictures.map(sha));
    expect(call?.mask?.sha256).toBe(sha(mask));
    expect(requests).toEqual(['/v1/images/edits']);
  });

  test('an error is thrown with our message and status, after one request', async () => {
    await expect(generate({ prompt: 'x', size: '10x10' })).rejects.toMatchObject({
      name: 'AI_APICallError',
      message: expect.stringMatching(/^gpt-image-1 makes 1024x1024/),
      statusCode: 400,
      isRetryable: false,
    });
    expect(requests).toHaveLength(1);
  });

  test('an unknown model is thrown as 404', async () => {
    await expect(generate({ prompt: 'x' }, 'gpt-image-99')).rejects.toMatchObject({
      message: expect.stringContaining("The model 'gpt-image-99' does not exist"),
      statusCode: 404,
    });
  });
});

// The AI SDK repeats every 5xx, whatever x-should-retry says.
test('a job that failed for good is not bought again by the repeats of the AI SDK', async () => {
  const prompt = 'useless to the AI SDK';
  await world.simulator.faults([{ when: { promptIncludes: prompt }, fault: { kind: 'not_an_image' } }]);
  const model = createOpenAI(options()).image('gpt-image-1');
  const thrown: unknown = await generateImage({ model, prompt, maxRetries: 1 }).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ lastError: { statusCode: 502 } });
  expect((await callsFor(world, prompt)).filter(({ charged }) => charged)).toHaveLength(2);
});
