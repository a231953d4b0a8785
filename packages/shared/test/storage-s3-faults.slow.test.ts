import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openS3Storage } from '../src/adapters/storage/s3.js';
import type { Storage } from '../src/ports/storage.js';
import {
  faultOf,
  keysOf,
  localFile,
  read,
  sha256Of,
  type LocalFile,
} from '../src/testing/conformance/storage-fixtures.js';
import { FaultProxy, type Fault } from '../src/testing/fault-proxy.js';
import { s3TestServer } from '../src/testing/s3-test-server.js';

const server = s3TestServer();
const describeWithServer = server ? describe : describe.skip;

describeWithServer('On a bad network', () => {
  let folder = '';
  let proxy: FaultProxy;
  /** Through the proxy. */
  let storage: Storage;
  /** Past it, to see what is true. */
  let truth: Storage;
  let count = 0;

  beforeAll(async () => {
    if (!server) return;
    const { hostname, port } = new URL(server.endpoint);
    folder = await mkdtemp(join(tmpdir(), 'rendermill-faults-'));
    proxy = await FaultProxy.open({ host: hostname, port: Number(port) });
    truth = await openS3Storage(server);
    const timeouts = { connect: 1_000, idle: 1_000, upload: 2_000, answer: 1_000 };
    storage = await openS3Storage({ ...server, endpoint: `http://127.0.0.1:${proxy.port}`, timeouts });
  });
  afterEach(() => proxy.set({ kind: 'none' }));
  afterAll(async () => {
    await Promise.all([storage.close(), truth.close()]);
    await proxy.close();
    await rm(folder, { recursive: true });
  });

  function newKey(): string {
    return `faults/${count++}.png`;
  }

  async function expectStored(key: string, file: LocalFile): Promise<void> {
    expect(await keysOf(truth, key)).toEqual([key]);
    expect(sha256Of(await read(truth, key))).toBe(file.facts.sha256);
    expect((await truth.head(key))?.metadata).toMatchObject(file.facts.metadata);
  }

  test('an object whose answer got lost is stored, once', async () => {
    const file = await localFile(folder, 500_000, { job: 'job_1' });
    const key = newKey();
    await proxy.set({ kind: 'cut', direction: 'down', afterBytes: 0, times: 1 });
    expect(await storage.putOnce(key, file.path, file.facts)).toBe('stored');
    expect(proxy.hits).toBe(1);
    await expectStored(key, file);
  });

  test('an answer that got lost does not make another writer’s object ours, be its bytes the same', async () => {
    const file = await localFile(folder, 500_000, { job: 'job_1' });
    const key = newKey();
    await truth.putOnce(key, file.path, file.facts);
    await proxy.set({ kind: 'cut', direction: 'down', afterBytes: 0, times: 1 });
    const other = { ...file.facts, metadata: { job: 'job_2' } };
    expect(await storage.putOnce(key, file.path, other)).toBe('exists');
    await expectStored(key, file);
  });

  test('a connection that breaks in mid-body is tried again', async () => {
    const file = await localFile(folder, 3_000_000);
    const key = newKey();
    await proxy.set({ kind: 'cut', direction: 'up', afterBytes: 400_000, times: 3 });
    expect(await storage.putOnce(key, file.path, file.facts)).toBe('stored');
    expect(proxy.hits).toBe(3);
    await expectStored(key, file);
  });

  test('bytes that are damaged on the way are not stored, and the right ones are', async () => {
    const file = await localFile(folder, 1_000_000);
    const key = newKey();
    await proxy.set({ kind: 'corrupt', everyBytes: 400_000, times: 4 });
    expect(await storage.putOnce(key, file.path, file.facts)).toBe('stored');
    expect(proxy.hits).toBe(4);
    await expectStored(key, file);
  });

  test('bytes that are damaged each time are never stored', async () => {
    const file = await localFile(folder, 1_000_000);
    const key = newKey();
    await proxy.set({ kind: 'corrupt', everyBytes: 400_000 });
    expect(await faultOf(storage.putOnce(key, file.path, file.facts))).toBe('unavailable');
    expect(await truth.head(key)).toBeNull();
  });

  test.each<[Fault, number]>([
    [{ kind: 'reset' }, 3_000],
    [{ kind: 'refuse' }, 3_000],
    [{ kind: 'blackhole' }, 12_000],
    [{ kind: 'cut', direction: 'up', afterBytes: 0 }, 3_000],
  ])('every call is unavailable within its time on %j, and works again afterwards', async (fault, within) => {
    const file = await localFile(folder, 500_000);
    const record = newKey();
    await storage.put(record, Buffer.from('old'), 'image/png');
    await proxy.set(fault);
    const began = performance.now();
    const calls = [
      storage.putOnce(newKey(), file.path, file.facts),
      storage.put(record, Buffer.from('new'), 'image/png'),
      storage.head(record),
      storage.get(record),
      keysOf(storage, ''),
      storage.delete(newKey()),
      storage.check(),
    ];
    for (const fate of await Promise.all(calls.map(faultOf))) expect(fate).toBe('unavailable');
    expect(performance.now() - began).toBeLessThan(within);
    await proxy.set({ kind: 'none' });
    expect((await read(storage, record)).toString()).toBe('old');
    expect(await storage.putOnce(newKey(), file.path, file.facts)).toBe('stored');
  });

  test('a slow line stores and reads the right bytes', async () => {
    const file = await localFile(folder, 1_000_000);
    for (const fault of [
      { kind: 'latency', ms: 20 },
      { kind: 'throttle', bytesPerSecond: 2_000_000 },
    ] as const) {
      const key = newKey();
      await proxy.set(fault);
      expect(await storage.putOnce(key, file.path, file.facts)).toBe('stored');
      expect(sha256Of(await read(storage, key))).toBe(file.facts.sha256);
    }
  });

  test('a body that breaks off fails as unavailable and is not taken for a short one', async () => {
    const file = await localFile(folder, 30_000_000);
    const key = newKey();
    await truth.putOnce(key, file.path, file.facts);
    for (const fault of [{ kind: 'cut', direction: 'down', afterBytes: 1_000_000 }, { kind: 'blackhole' }] as const) {
      await proxy.set({ kind: 'none' });
      const found = await storage.get(key);
      await proxy.set(fault);
      expect(found && (await faultOf(buffer(found.body)))).toBe('unavailable');
    }
  });

  test('a part of a large record is sent again', async () => {
    const record = newKey();
    const bytes = Buffer.alloc(20 * 1_024 * 1_024, 'record');
    await proxy.set({ kind: 'cut', direction: 'up', afterBytes: 5_000_000, times: 1 });
    await storage.put(record, bytes, 'image/png');
    expect(proxy.hits).toBe(1);
    expect(sha256Of(await read(truth, record))).toBe(sha256Of(bytes));
  });
});
