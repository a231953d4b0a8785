import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { thumbnailKey } from '@rendermill/shared/domain/object-keys';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { picture } from '../../../test/clients/support.js';
import { s3Server } from '../../../test/s3.js';
import { createWorld, type World } from '../../../test/world.js';

/** Pictures as pages load them: small copies that are made once, what went in, what a browser keeps and what it saves. */

const s3 = s3Server();
const stores: [string, Parameters<typeof createWorld>[0]][] = [['a directory', {}]];
if (s3) stores.push(['S3', { env: s3.env, storageUrl: s3.storageUrl() }]);

describe.each(stores)('pictures in %s', (place, options) => {
  let world: World;
  let job: PresentedJob;
  let input: Buffer;
  beforeAll(async () => {
    world = await createWorld(options);
    input = await picture(64);
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(input)]), 'before.png');
    form.append('prompt', 'on a beach');
    form.append('model', 'gpt-image-1');
    form.append('size', '1536x1024');
    const { headers } = await world.call('POST', '/v1/images/edits', form);
    job = await world.ended(headers.get('x-rendermill-job') ?? '');
  });
  afterAll(async () => world.close());

  const variant = () => {
    const [found] = job.images[0]?.variants ?? [];
    if (!found) throw new Error('the picture names no variant');
    return found;
  };

  test('a thumbnail is made once however many ask, fits its promise, and lies beside the picture', async () => {
    const { url, key, width, height } = variant();
    expect(key).toBe(thumbnailKey(job.images[0]?.key ?? ''));
    expect(await world.storage.head(key)).toBeNull();
    const answers = await Promise.all(Array.from({ length: 12 }, async () => fetch(url)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const all = await Promise.all(answers.map(async (answer) => Buffer.from(await answer.arrayBuffer())));
    const { format, width: wide, height: high } = await sharp(all[0]).metadata();
    expect({ format, wide, high }).toEqual({ format: 'webp', wide: width, high: height });
    expect([width, height]).toEqual([512, 341]);
    expect(all[0]?.length).toBeLessThan((job.images[0]?.bytes ?? 0) / 2);
    // What lies there is what is answered, not made anew: a mark in its place comes back.
    await world.storage.put(key, Buffer.from('kept'), 'image/webp');
    expect(await (await fetch(url)).text()).toBe('kept');
    await world.storage.delete(key);
    expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(all[0]?.length);
  });

  test('a browser keeps it, and is told 304 without the store being asked', async () => {
    const { url, key } = variant();
    const first = await fetch(url);
    await first.arrayBuffer();
    expect(first.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toContain(job.images[0]?.sha256);
    await world.storage.delete(key);
    const again = await fetch(url, { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect(await world.storage.head(key)).toBeNull();
  });

  test('another variant, another index, and a damaged picture are told apart from a fault of ours', async () => {
    const path = `/v1/jobs/${job.id}/images`;
    expect((await world.call('GET', `${path}/0/poster`)).status).toBe(404);
    expect((await world.call('GET', `${path}/1/thumbnail`)).status).toBe(404);
    await world.storage.delete(variant().key);
    const key = job.images[0]?.key ?? '';
    const bytes = await world.storage.get(key);
    const whole = Buffer.concat((await bytes?.body.toArray()) ?? []);
    await world.storage.put(key, whole.subarray(0, 2_000), 'image/png');
    const { status, body } = await world.call<{ error: { message: string } }>('GET', `${path}/0/thumbnail`);
    expect([status, body.error.message]).toEqual([404, expect.stringContaining('ask for the image itself')]);
    await world.storage.put(key, whole, 'image/png');
  });

  test('what went in is shown by a link, byte for byte', async () => {
    const [before] = job.request.images as { readonly stored_url: string; readonly sha256: string }[];
    const answer = await fetch(before?.stored_url ?? '');
    expect(Buffer.from(await answer.arrayBuffer()).equals(input)).toBe(true);
    const none = await world.call('GET', `/v1/jobs/${job.id}/inputs/mask`);
    expect(none.status).toBe(404);
  });

  test('a picture is a file that a browser saves, and does not show as a page', async () => {
    const answer = await fetch(job.images[0]?.url ?? '');
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${job.id}-0.png"`);
    expect((await answer.arrayBuffer()).byteLength).toBe(job.images[0]?.bytes);
    expect(answer.url.startsWith(world.url)).toBe(place === 'a directory');
  });

  test('its file has the name that its owner knows it by: the custom_id, or what the link is given', async () => {
    const order = { type: 'generation', model: 'gpt-image-1', prompt: 'named' };
    const one = await world.ended((await world.submit({ ...order, custom_id: '../SKU 10/42"' })).id);
    const two = await world.ended((await world.submit({ ...order, custom_id: 'SKU-1043', n: 2 })).id);
    const nameOf = async (url = '') => {
      const answer = await fetch(url);
      await answer.arrayBuffer();
      return [answer.status, answer.headers.get('content-disposition')];
    };
    const links = [...one.images, ...two.images].map(({ url }) => url);
    expect(await Promise.all(links.map(nameOf))).toEqual([
      [200, 'attachment; filename="__SKU_10_42_.png"'],
      [200, 'attachment; filename="SKU-1043-1.png"'],
      [200, 'attachment; filename="SKU-1043-2.png"'],
    ]);
    expect(await nameOf(`${links[0]}&name=${encodeURIComponent('лампа "1"')}`)).toEqual([
      200,
      expect.stringMatching(/^attachment; filename="[ -~]+"; filename\*=UTF-8''%D0%BB.*_1_\.png$/),
    ]);
  });
});
