import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import sharp from 'sharp';
import { read, sha } from '../../../test/clients/support.js';
import { pngOfZeros, pngSignature, withBadSum, withGps, zipOf } from '../../../test/hostile-images.js';
import { startRelay, type Relay } from '../../../test/relay.js';
import { createWorld, type World } from '../../../test/world.js';

/** What a provider answers is judged by its bytes, however they come: base64, a link, a data URL in a chat's text. */

const picture = await sharp({ create: { width: 64, height: 96, channels: 3, background: '#285028' } })
  .png()
  .toBuffer();
let relay: Relay;
let world: World;
beforeAll(async () => {
  relay = await startRelay(picture, () => ({ json: {} }));
  world = await createWorld({ account: { preset: 'apiyi', base_url: relay.url } });
});
afterAll(async () => {
  await world.close();
  await relay.close();
});

const chat = (content: string) => ({ json: { choices: [{ message: { role: 'assistant', content } }] } });
const ways: readonly [string, string, (bytes: Buffer) => { json: unknown }][] = [
  ['as base64', 'gpt-image-1', (bytes) => ({ json: { created: 1, data: [{ b64_json: bytes.toString('base64') }] } })],
  ['behind a link', 'gpt-image-1', () => ({ json: { created: 1, data: [{ url: relay.link }] } })],
  ["in a chat's text", 'sora_image', (bytes) => chat(`![x](data:image/png;base64,${bytes.toString('base64')})`)],
  ["behind a link in a chat's text", 'sora_image', () => chat(`![x](${relay.link})`)],
];

async function made(model: string, answer: { json: unknown }): Promise<PresentedJob> {
  relay.calls.splice(0);
  relay.answer = () => answer;
  return world.ended((await world.submit({ model, prompt: 'a mug' })).id);
}

async function objectsOf({ id }: PresentedJob): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of world.storage.list('default/jobs/'))
    if (key.includes(id)) names.push(key.split(`${id}/`)[1] ?? '');
  return names;
}

describe.each(ways)('a picture %s', (_way, model, answer) => {
  test.each<[string, () => Buffer | Promise<Buffer>]>([
    ['a page of HTML', () => Buffer.from('<!doctype html><script>alert(1)</script>')],
    [
      'a page of HTML that begins as a PNG',
      () => Buffer.concat([pngSignature, Buffer.from('<script>alert(1)</script>')]),
    ],
    ['half of a PNG', () => picture.subarray(0, picture.length / 2)],
    ['a PNG with a wrong sum', () => withBadSum(picture)],
    ['a PNG of 900 million pixels', () => pngOfZeros(30_000, 30_000, 1)],
    ['a TIFF', async () => sharp(picture).tiff().toBuffer()],
  ])('that is %s is none: paid, told, and not stored', async (_what, make) => {
    relay.picture = await make();
    const job = await made(model, answer(relay.picture));
    expect(job).toMatchObject({ status: 'failed', images: [], error: { code: 'bad_provider_response' } });
    expect(job.paid_attempts).toBeGreaterThan(0);
    expect(await objectsOf(job)).toEqual(['job.json']);
  });

  test('is stored as it was made, by its own type and sum, and served as a file of that type', async () => {
    relay.picture = Buffer.concat([await withGps(picture), zipOf('payload.html', '<script>')]);
    const job = await made(model, answer(relay.picture));
    const [image] = job.images;
    expect(image).toMatchObject({ content_type: 'image/png', width: 64, height: 96, bytes: relay.picture.length });
    expect([image?.sha256, sha(await read(world, image?.key ?? ''))]).toEqual([sha(relay.picture), sha(relay.picture)]);
    const { headers } = await world.call('GET', `/v1/jobs/${job.id}/images/0`);
    expect([headers.get('content-type'), headers.get('x-content-type-options')]).toEqual(['image/png', 'nosniff']);
    expect(headers.get('content-disposition')).toBe(`attachment; filename="${job.id}-0.png"`);
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  });
});

test.each([
  ['base64', 'gpt-image-1', (text: string) => ({ json: { created: 1, data: [{ b64_json: text }] } })],
  ["a chat's data URL", 'sora_image', (text: string) => chat(`![x](data:image/png;base64,${text})`)],
])('%s that is none is no picture: billed, asked for under the cap', async (_way, model, answer) => {
  const text = picture.toString('base64');
  const job = await made(model, answer(`${text.slice(0, 40)}==${text.slice(42)}`));
  expect(job).toMatchObject({ status: 'failed', paid_attempts: 2, error: { code: 'bad_provider_response' } });
  expect(job.attempts.map(({ outcome }) => outcome)).toEqual(['billed', 'billed']);
});
