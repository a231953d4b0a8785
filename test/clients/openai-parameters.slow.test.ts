import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../world.js';
import { answerOnly, edits, generates, newest, without } from './openai-parameters.js';
import { connect, versions } from './openai.js';
import { callsFor, expectUntouched, fromBase64, jobsFor, picture } from './support.js';
import { startTinyProvider, type TinyProvider } from './tiny-provider.js';

/** Every parameter that the types of a version know, sent by that version. */
let world: World;
let newer: World;
let provider: TinyProvider;
beforeAll(async () => {
  provider = await startTinyProvider();
  [world, newer] = await Promise.all([
    createWorld({ simulator: ['--strict'] }),
    // The simulator draws no GIF and no SVG.
    createWorld({ account: { base_url: provider.url } }),
  ]);
});
afterAll(async () => {
  await Promise.all([world.close(), newer.close()]);
  await provider.close();
});

describe.each(versions)('openai $major', (version) => {
  const generate = generates[version.major] ?? {};
  const edit = edits[version.major] ?? {};

  test('images.generate with every parameter of a GPT image model: the provider gets each of them', async () => {
    const prompt = `all of ${version.major}`;
    const values = without(generate, ['style', ...newest]);
    const { data } = await connect(version, world).client.images.generate({ model: 'gpt-image-1', prompt, ...values });
    await expectUntouched(world, await jobsFor(world, prompt), [fromBase64(data?.[0]?.b64_json)]);
    expect((await callsFor(world, prompt))[0]?.fields).toMatchObject(without(values, answerOnly));
  });

  test('images.generate with null for every parameter: null is absent', async () => {
    const prompt = `nulls of ${version.major}`;
    const nulls = Object.fromEntries(Object.keys(generate).map((name) => [name, null]));
    await connect(version, world).client.images.generate({ prompt, model: null, stream: null, ...nulls });
    expect(Object.keys((await callsFor(world, prompt))[0]?.fields ?? {})).toEqual(['model', 'prompt', 'n']);
  });

  test('images.generate with what only dall-e-3 knows', async () => {
    const prompt = `dall-e-3 of ${version.major}`;
    const values = { quality: 'hd', size: '1792x1024', style: generate['style'] } as const;
    await connect(version, world).client.images.generate({ model: 'dall-e-3', prompt, ...(values as object) });
    expect((await callsFor(world, prompt))[0]?.fields).toMatchObject(values);
  });

  test('images.edit with every parameter: the provider gets each of them', async () => {
    const prompt = `edit, all of ${version.major}`;
    const values = without(edit, newest);
    const image = await version.toFile(await picture(64), 'a.png', { type: 'image/png' });
    const { client } = connect(version, world);
    const { data } = await client.images.edit({ model: 'gpt-image-1', prompt, image, ...values, stream: false });
    await expectUntouched(world, await jobsFor(world, prompt), [fromBase64(data?.[0]?.b64_json)]);
    const fields = Object.fromEntries(
      Object.entries(without(values, answerOnly)).map(([name, value]) => [name, String(value)]),
    );
    expect((await callsFor(world, prompt))[0]?.fields).toMatchObject(fields);
  });
});

describe('what only openai 7 knows', () => {
  const model = 'gpt-image-2.6-flare';
  const connected = () => {
    const version = versions.find(({ major }) => major === 7);
    if (!version) throw new Error('openai 7 is not in the table');
    return { ...version, images: connect(version, newer).client.images };
  };
  const file = async (edge: number, alpha?: number) =>
    connected().toFile(await picture(edge, alpha), 'a.png', { type: 'image/png' });
  const { complexity, svg, safety_identifier, ...rest } = generates[7] ?? {};
  const frames = { frame_count: rest['frame_count'], frame_duration_ms: rest['frame_duration_ms'] };

  test.each([
    ['an animation', 'image/gif', { output_format: 'gif', complexity, safety_identifier, ...frames }],
    ['a drawing', 'image/svg+xml', { output_format: 'svg', complexity, safety_identifier, svg }],
  ] as const)('images.generate of %s comes back as it was made', async (prompt, type, values) => {
    const { data } = await connected().images.generate({ model, prompt, ...(values as object) });
    expect(fromBase64(data?.[0]?.b64_json).equals(await provider.picture(type))).toBe(true);
    expect(JSON.parse(provider.received.at(-1) ?? '')).toMatchObject(values);
    const [job] = await jobsFor(newer, prompt);
    expect(job?.images[0]?.content_type).toBe(type);
  });

  test('images.edit into an animation: the provider gets each parameter', async () => {
    const values = { output_format: 'gif', complexity, safety_identifier, ...frames };
    await connected().images.edit({ model, prompt: 'moving', image: await file(64), ...(values as object) });
    for (const [name, value] of Object.entries(values)) {
      expect(provider.received.at(-1)).toContain(`name="${name}"\r\n\r\n${String(value)}\r\n`);
    }
  });
});
