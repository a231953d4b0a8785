import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import sharp from 'sharp';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { LedgerEntry } from '@rendermill/simulator';
import type { Received } from '../receiver.js';
import type { World } from '../world.js';

/** What the tests of every client need: pictures to send, and the books to compare what came back with. */

export const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const fromBase64 = (text: string | null | undefined): Buffer => Buffer.from(text ?? '', 'base64');

/** A PNG of one colour; `alpha` 0 makes it a mask that replaces everything. */
export async function picture(edge: number, alpha?: number): Promise<Buffer> {
  const background = { r: 200, g: 80, b: 40, alpha: alpha ?? 1 };
  const channels = alpha === undefined ? 3 : 4;
  return sharp({ create: { width: edge, height: edge, channels, background } })
    .png()
    .toBuffer();
}

/** A PNG of noise: about three bytes a pixel, for uploads that are large. */
export async function noise(edge: number): Promise<Buffer> {
  return sharp({
    create: {
      width: edge,
      height: edge,
      channels: 3,
      background: '#808080',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  })
    .png()
    .toBuffer();
}

/** Every call that reached the provider with this prompt, by the provider's own books. */
export async function callsFor(world: World, prompt: string): Promise<LedgerEntry[]> {
  return (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt);
}

export async function jobsFor(world: World, prompt: string): Promise<PresentedJob[]> {
  const { body } = await world.call<{ data: PresentedJob[] }>('GET', '/v1/jobs?limit=100');
  return body.data.filter(({ request }) => request.prompt === prompt);
}

/** The job that answered, by the header of the answer. */
export async function jobOf(world: World, headers: Headers): Promise<PresentedJob> {
  return (await world.call<PresentedJob>('GET', `/v1/jobs/${headers.get('x-rendermill-job')}`)).body;
}

/** Three that must be one: what the provider made, what lies in the store, and what the client got. */
export async function expectUntouched(
  world: World,
  jobs: readonly PresentedJob[],
  got: readonly Uint8Array[],
): Promise<void> {
  const calls = jobs.flatMap(({ attempts }) => attempts.map(({ request_id }) => request_id));
  const ledger = (await world.simulator.ledger()).filter(({ request_id }) => calls.includes(request_id));
  const stored = await Promise.all(
    jobs.flatMap(({ images }) => images.map(async ({ key }) => sha(await read(world, key)))),
  );
  const hashes = got.map(sha).sort();
  expect(hashes.length).toBeGreaterThan(0);
  expect({ made: ledger.flatMap(({ sha256 }) => sha256).sort(), stored: stored.sort() }).toEqual({
    made: hashes,
    stored: hashes,
  });
}

/** An object of the store, whole. */
export async function read(world: World, key: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await world.storage.get(key))?.body ?? []) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The first webhook that came to this path of our receiver. */
export async function deliveryTo(world: World, path: string): Promise<Received> {
  const [one] = await world.receiver.waitFor(1, (received) => received.path === path);
  if (!one) throw new Error(`nothing came to ${path}`);
  return one;
}

export const headersOf = ({ headers }: Received): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
