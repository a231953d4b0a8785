import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../world.js';
import { connect, versions } from './openai.js';
import sharp from 'sharp';
import { callsFor, expectUntouched, fromBase64, jobsFor, picture } from './support.js';

/** `stream: true`, in the versions that have it: server-sent events, read by the SDK's own parser. */
let world: World;
beforeAll(async () => {
  world = await createWorld({ simulator: ['--strict', '--latency', '300'] });
});
afterAll(async () => world.close());

const model = 'gpt-image-1';

describe.each(versions.filter(({ streams }) => streams))('openai $major, stream: true', (version) => {
  test('images.generate: the last event carries the picture as the provider made it', async () => {
    const prompt = `streamed to ${version.major}`;
    const { client } = connect(version, world);
    const stream = await client.images.generate({ model, prompt, stream: true, partial_images: 2, quality: 'low' });
    const events = [];
    for await (const event of stream) events.push(event);
    const last = events.at(-1);
    expect(last).toMatchObject({
      type: 'image_generation.completed',
      size: '1024x1024',
      quality: 'low',
      output_format: 'png',
      created_at: expect.any(Number),
      usage: { total_tokens: expect.any(Number), input_tokens_details: { text_tokens: expect.any(Number) } },
    });
    await expectUntouched(world, await jobsFor(world, prompt), [fromBase64(last?.b64_json)]);
  });

  test('images.generate: partial images pass by before the last event, each a picture', async () => {
    const prompt = `previewed by ${version.major}`;
    const { client } = connect(version, world);
    const stream = await client.images.generate({ model, prompt, stream: true, partial_images: 2, quality: 'low' });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ type }) => type)).toEqual([
      'image_generation.partial_image',
      'image_generation.partial_image',
      'image_generation.completed',
    ]);
    for (const [i, event] of events.slice(0, 2).entries()) {
      expect(event).toMatchObject({ partial_image_index: i, size: '1024x1024', created_at: expect.any(Number) });
      expect(await sharp(fromBase64(event.b64_json)).metadata()).toMatchObject({ width: 1024, height: 1024 });
    }
    const [streamed] = await jobsFor(world, prompt);
    // The call is answered at its picture; the job's record may still be on its way.
    const job = await world.ended(streamed?.id ?? '');
    expect(job).toMatchObject({ status: 'completed', paid_attempts: 1, images: [{ index: 0 }] });
    expect(await callsFor(world, prompt)).toMatchObject([{ cost_micros: (job.cost.actual ?? 0) * 1_000_000 }]);
  });

  test('images.edit: the events are those of an edit', async () => {
    const prompt = `edited and streamed to ${version.major}`;
    const { client } = connect(version, world);
    const image = await version.toFile(await picture(64), 'a.png', { type: 'image/png' });
    const stream = await client.images.edit({ model, prompt, image, stream: true });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.at(-1)?.type).toBe('image_edit.completed');
    await expectUntouched(world, await jobsFor(world, prompt), [fromBase64(events.at(-1)?.b64_json)]);
  });

  test('a job that fails is thrown as an APIError with its code, and is not bought again', async () => {
    const prompt = `refused in a stream to ${version.major}`;
    await world.simulator.faults([{ when: { promptIncludes: prompt }, fault: { kind: 'moderation_blocked' } }]);
    const { client, sent } = connect(version, world);
    const stream = await client.images.generate({ model, prompt, stream: true });
    const read = async (): Promise<void> => {
      for await (const event of stream) expect(event).toBeUndefined();
    };
    await expect(read()).rejects.toThrow(version.Sdk.APIError);
    expect([sent.length, (await jobsFor(world, prompt)).map(({ error }) => error?.code)]).toEqual([
      1,
      ['moderation_blocked'],
    ]);
  });

  test('a request that is refused outright is a BadRequestError before any event', async () => {
    const { client } = connect(version, world);
    const call = client.images.generate({ model, prompt: 'x', stream: true, size: '10x10' });
    await expect(call).rejects.toThrow(version.Sdk.BadRequestError);
  });
});
