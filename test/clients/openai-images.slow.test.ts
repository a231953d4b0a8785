import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../world.js';
import { connect, versions, type Counted } from './openai.js';
import { callsFor, expectUntouched, fromBase64, jobOf, jobsFor, picture, sha } from './support.js';

/** The provider refuses what OpenAI refuses: what our clients get away with must reach it in order. */
let world: World;
beforeAll(async () => {
  world = await createWorld({ simulator: ['--strict'] });
});
afterAll(async () => world.close());

describe.each(versions)('openai $major', (version) => {
  let images: Counted['client']['images'];
  let sent: Counted['sent'];
  const model = 'gpt-image-1';
  const named = (title: string): string => `${title}, by openai ${version.major}`;
  beforeAll(() => {
    const { client, sent: requests } = connect(version, world);
    [images, sent] = [client.images, requests];
  });

  describe('images.generate', () => {
    test('answers base64 by default, the very bytes that the provider made', async () => {
      const prompt = named('a red mug');
      const { data, response, request_id } = await images.generate({ model, prompt }).withResponse();
      expect(data.data).toHaveLength(1);
      await expectUntouched(world, [await jobOf(world, response.headers)], [fromBase64(data.data?.[0]?.b64_json)]);
      expect(data.usage?.output_tokens).toBeGreaterThan(0);
      expect(request_id).toBe(response.headers.get('x-request-id'));
      expect((data as { _request_id?: string })._request_id).toBe(request_id);
      expect(world.logs.filter((line) => line['request_id'] === request_id).length).toBeGreaterThan(0);
    });

    test('with response_format "url" answers a link that works without a key', async () => {
      const prompt = named('linked');
      const { data } = await images.generate({ model, prompt, response_format: 'url' });
      expect(Object.keys(data?.[0] ?? {})).toEqual(['url']);
      const linked = await fetch(data?.[0]?.url ?? '');
      const bytes = new Uint8Array(await linked.arrayBuffer());
      await expectUntouched(world, await jobsFor(world, prompt), [bytes]);
    });

    test('with n=2 answers two pictures, bought in one call', async () => {
      const prompt = named('two of them');
      const { data } = await images.generate({ model, prompt, n: 2 });
      expect(data).toHaveLength(2);
      await expectUntouched(world, await jobsFor(world, prompt), data?.map((one) => fromBase64(one.b64_json)) ?? []);
      expect(await callsFor(world, prompt)).toHaveLength(1);
    });
  });

  describe('images.edit', () => {
    const edited = async (prompt: string, more: Partial<Parameters<typeof images.edit>[0]>) => {
      const answer = await images.edit({ model, prompt, image: [], ...more, stream: false });
      await expectUntouched(world, await jobsFor(world, prompt), [fromBase64(answer.data?.[0]?.b64_json)]);
      const [call] = await callsFor(world, prompt);
      return call;
    };

    test('of one image with its type', async () => {
      const image = await picture(64);
      const file = await version.toFile(image, 'a.png', { type: 'image/png' });
      const call = await edited(named('one image'), { image: file });
      expect(call?.inputs).toMatchObject([{ sha256: sha(image), content_type: 'image/png' }]);
    });

    test('of a read stream: no type, and no length in later versions; the provider gets a typed file', async () => {
      const image = await picture(72);
      const path = join(world.dir, `stream-${version.major}.png`);
      await writeFile(path, image);
      const call = await edited(named('a read stream'), { image: createReadStream(path) });
      expect(call?.inputs).toMatchObject([{ sha256: sha(image), content_type: 'image/png' }]);
      expect(sent.at(-1)?.sized).toBe(version.major === 4);
    });

    test('of four images, in their order', async () => {
      const four = await Promise.all([80, 96, 112, 128].map(async (edge) => picture(edge)));
      const files = await Promise.all(
        four.map(async (bytes, i) => version.toFile(bytes, `${i}.png`, { type: 'image/png' })),
      );
      const call = await edited(named('four images'), { image: files });
      expect(call?.inputs.map(({ sha256 }) => sha256)).toEqual(four.map(sha));
    });

    test('with a mask', async () => {
      const [image, mask] = await Promise.all([picture(64), picture(64, 0)]);
      const call = await edited(named('masked'), {
        image: await version.toFile(image, 'a.png', { type: 'image/png' }),
        mask: await version.toFile(mask, 'mask.png', { type: 'image/png' }),
      });
      expect([call?.inputs[0]?.sha256, call?.mask?.sha256]).toEqual([sha(image), sha(mask)]);
    });
  });

  test('images.createVariation answers a variation', async () => {
    const image = await version.toFile(await picture(64), 'a.png', { type: 'image/png' });
    const { data, response } = await images.createVariation({ image, n: 1, size: '1024x1024' }).withResponse();
    const job = await jobOf(world, response.headers);
    expect(job.type).toBe('variation');
    await expectUntouched(world, [job], [fromBase64(data.data?.[0]?.b64_json)]);
  });

  test('every call was one HTTP request', () => {
    expect(sent.map(({ retry }) => retry)).toEqual(Array(8).fill('0'));
  });
});
