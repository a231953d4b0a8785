import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import sharp from 'sharp';
import { Places } from '../src/use-cases/places.js';
import { startFileServer, type FileServer } from '../../../test/file-server.js';
import { makeKey, type MadeKey } from '../../../test/keys.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Whose servers hang holds up its own jobs, and nobody else's. */

let world: World;
let strangers: FileServer[];
let picture: Buffer;
beforeAll(async () => {
  world = await createWorld();
  strangers = await Promise.all(['127.0.0.1', '127.0.0.2', '127.0.0.3'].map(startFileServer));
  picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#40a0c0' } })
    .png()
    .toBuffer();
});
afterAll(async () => {
  await world.close();
  for (const server of strangers) await server.close();
});

async function edit(key: MadeKey, image_url: string): Promise<string> {
  const job = { type: 'edit', prompt: 'x', model: 'gpt-image-1', images: [{ image_url }] };
  return (await key.call<PresentedJob>('POST', '/v1/jobs', job)).body.id;
}
const job = async (key: MadeKey, id: string, wait = 0): Promise<PresentedJob> =>
  (await key.call<PresentedJob>('GET', `/v1/jobs/${id}?wait=${wait}`)).body;
async function ended(key: MadeKey, id: string): Promise<PresentedJob> {
  for (;;) {
    const found = await job(key, id, 20);
    if (found.completed_at) return found;
  }
}

test('a project whose image URLs drip takes a share of the places; its line is called up one by one', async () => {
  const dripping = new Set<ServerResponse>();
  const good = (response: ServerResponse): void => void response.writeHead(200).end(picture);
  for (const server of strangers)
    server.answer = (path, response) => {
      if (path === '/good') return good(response);
      dripping.add(response.writeHead(200, { 'content-type': 'image/png' }));
      const timer = setInterval(() => response.write('.'), 250);
      response.on('close', () => clearInterval(timer));
    };
  const slow = await makeKey(world, { project: 'slow' });
  const quick = await makeKey(world, { project: 'quick' });
  const url = (i: number, path: string): string => `${strangers[i % strangers.length]?.url}${path}`;
  const ids: string[] = [];
  for (let i = 0; i < 40; i++) ids.push(await edit(slow, url(i, '/drip')));
  const line = `${world.prefix}to-prepare:slow`;
  await until(async () => dripping.size >= 8 && (await world.redis.zcard(line)) === 32);

  expect((await ended(quick, await edit(quick, url(0, '/good')))).status).toBe('completed');
  expect(dripping.size).toBe(8);
  const statuses = (await Promise.all(ids.map(async (id) => job(slow, id)))).map(({ status }) => status);
  expect(statuses.filter((status) => status === 'in_progress')).toHaveLength(8);
  expect(statuses.filter((status) => status === 'queued')).toHaveLength(32);

  for (const server of strangers) server.answer = (_path, response) => good(response);
  for (const response of dripping) response.destroy();
  const ends = await Promise.all(ids.map(async (id) => (await ended(slow, id)).status));
  expect(ends.filter((status) => status === 'failed')).toHaveLength(8);
  expect(ends.filter((status) => status === 'completed')).toHaveLength(32);
  expect(await world.redis.exists(line)).toBe(0);
  expect(world.logs.filter(({ event }) => event === 'entry.lost')).toEqual([]);
});

test('one who waits for a place of its host takes none of another host or project, and what is over is forgotten', async () => {
  const places = new Places(4, 3, 2);
  const releases: (() => void)[] = [];
  const begun: string[] = [];
  const start = async (project: string, host: string): Promise<void> =>
    places.run([project, host], async () => {
      begun.push(`${project} ${host}`);
      await new Promise<void>((resolve) => releases.push(resolve));
    });
  const runs = [start('a', 'x'), start('a', 'x'), start('a', 'x'), start('a', 'y'), start('b', 'x'), start('b', 'y')];
  const settle = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await settle();
  expect(begun).toEqual(['a x', 'a x', 'b y']);
  while (begun.length < 6 || releases.length > 0) {
    releases.shift()?.();
    await settle();
  }
  await Promise.all(runs);
  expect([begun.length, places.shares]).toEqual([6, 0]);
});
