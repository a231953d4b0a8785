import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { FaultProxy } from '@rendermill/shared/testing/fault-proxy';
import { s3Server } from '../../../test/s3.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Storage trouble repeats storing, never rendering. Against a real S3 server behind a proxy that misbehaves. */

const s3 = s3Server();

(s3 ? describe : describe.skip)('the S3 server', () => {
  let world: World;
  let proxy: FaultProxy;
  beforeAll(async () => {
    if (!s3) return;
    const { hostname, port } = new URL(s3.endpoint);
    proxy = await FaultProxy.open({ host: hostname, port: Number(port) });
    world = await createWorld({
      env: { ...s3.env, S3_ENDPOINT: `http://127.0.0.1:${proxy.port}` },
      storageUrl: s3.storageUrl(),
    });
  });
  afterAll(async () => {
    await proxy?.set({ kind: 'none' });
    await world?.close();
    await proxy?.close();
  });

  const read = async (id: string): Promise<PresentedJob> =>
    (await world.call<PresentedJob>('GET', `/v1/jobs/${id}`)).body;
  const charges = async (prompt: string) =>
    (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt && entry.charged);
  const storedSha = async (job: PresentedJob): Promise<string> => {
    const hash = createHash('sha256');
    for await (const chunk of (await world.storage.get(job.images[0]?.key ?? ''))?.body ?? [])
      hash.update(chunk as Buffer);
    return hash.digest('hex');
  };

  test('that stores at once gives links that lead to the bytes without a key', async () => {
    const job = await world.ended((await world.submit({ prompt: 'plain' })).id);
    const link = await fetch(job.images[0]?.url ?? '', { redirect: 'manual' });
    expect(link.status).toBe(302);
    const bytes = new Uint8Array(await (await fetch(link.headers.get('location') ?? '')).arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(job.images[0]?.sha256);
    expect((await charges('plain')).map(({ sha256 }) => sha256)).toEqual([[job.images[0]?.sha256]]);
  });

  test('that is away for a while finds the picture waiting in the spool: one charge, the right bytes', async () => {
    await proxy.set({ kind: 'refuse' });
    const { id } = await world.submit({ prompt: 'store is away' });
    await until(async () => (await read(id)).attempts[0]?.outcome === 'billed');
    await until(() => world.logs.some((line) => line.event === 'storage.waiting'));
    expect((await read(id)).status).toBe('in_progress');
    await proxy.set({ kind: 'none' });
    const job = await world.ended(id);
    expect(job).toMatchObject({ status: 'completed', paid_attempts: 1 });
    expect(await charges('store is away')).toHaveLength(1);
    expect(await storedSha(job)).toBe(job.images[0]?.sha256);
  });

  test('that flips bits on the way is not believed: the right bytes are stored in the end', async () => {
    await proxy.set({ kind: 'corrupt', everyBytes: 30_000, times: 1 });
    const job = await world.ended((await world.submit({ prompt: 'flipped bit' })).id);
    await proxy.set({ kind: 'none' });
    expect(job).toMatchObject({ status: 'completed', paid_attempts: 1 });
    expect(await storedSha(job)).toBe(job.images[0]?.sha256);
  });

  test('that is away makes uploads 503 with Retry-After, and nothing is kept or paid', async () => {
    await proxy.set({ kind: 'refuse' });
    const form = new FormData();
    form.append('prompt', 'upload while away');
    form.append('image', new Blob([new Uint8Array(await png())], { type: 'image/png' }), 'a.png');
    const refused = await world.call<{ error: { code: string } }>('POST', '/v1/images/edits', form);
    expect([refused.status, refused.body.error.code, refused.headers.get('retry-after')]).toEqual([
      503,
      'storage_unavailable',
      '5',
    ]);
    const ready = await world.call<{ dependencies: Record<string, { status: string }> }>('GET', '/readyz');
    expect([
      ready.status,
      ready.body.dependencies['redis']?.status,
      ready.body.dependencies['storage']?.status,
    ]).toEqual([503, 'up', 'down']);
    await proxy.set({ kind: 'none' });
    expect(await charges('upload while away')).toEqual([]);
  });
});

async function png(): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  return sharp({ create: { width: 64, height: 64, channels: 3, background: '#336699' } })
    .png()
    .toBuffer();
}
