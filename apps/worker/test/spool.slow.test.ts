import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { FaultProxy } from '@rendermill/shared/testing/fault-proxy';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { s3Server } from '../../../test/s3.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** What is paid waits in the spool for the store, and survives its worker. */

const s3 = s3Server();
const prompts = ['its successor stores it', 'a living neighbour stores it'] as const;

(s3 ? describe : describe.skip)('kill -9 of a worker that cannot reach the store', () => {
  const worlds = new Map<string, World>();
  const ended = new Map<string, PresentedJob>();
  const processes: AppProcess[] = [];
  const proxies: FaultProxy[] = [];
  const start = async (env: NodeJS.ProcessEnv): Promise<AppProcess> => {
    const worker = await startApp('worker', env);
    processes.push(worker);
    return worker;
  };

  const play = async (prompt: (typeof prompts)[number]): Promise<void> => {
    if (!s3) return;
    const world = await createWorld({ worker: false, env: s3.env, storageUrl: s3.storageUrl() });
    worlds.set(prompt, world);
    const { hostname, port } = new URL(s3.endpoint);
    const proxy = await FaultProxy.open({ host: hostname, port: Number(port) });
    proxies.push(proxy);
    const cutOff = { ...world.env, S3_ENDPOINT: `http://127.0.0.1:${proxy.port}` };
    const first = await start(cutOff);
    await proxy.set({ kind: 'blackhole' });
    const { id } = await world.submit({ prompt });
    const read = async () => (await world.call<PresentedJob>('GET', `/v1/jobs/${id}`)).body;
    await until(async () => (await read()).attempts[0]?.outcome === 'billed');
    if (prompt.startsWith('a living')) await start(world.env);
    await first.kill('SIGKILL');
    if (prompt.startsWith('its')) await start(world.env);
    ended.set(prompt, await world.ended(id));
  };

  beforeAll(async () => {
    await Promise.all(prompts.map(play));
  }, 90_000);
  afterAll(async () => {
    await Promise.all(processes.map(async (one) => one.kill('SIGKILL')));
    await Promise.all(proxies.map(async (proxy) => proxy.close()));
    await Promise.all([...worlds.values()].map(async (world) => world.close()));
  });

  test.each(prompts)('%s, and nothing is bought again', async (prompt) => {
    const job = ended.get(prompt);
    expect(job).toMatchObject({ status: 'completed', paid_attempts: 1, attempts: [{ outcome: 'billed' }] });
    const charged = (await worlds.get(prompt)?.simulator.ledger())?.filter((entry) => entry.charged);
    expect(charged?.map(({ sha256 }) => sha256)).toEqual([[job?.images[0]?.sha256]]);
  });

  test.each(prompts)('%s, and the spool of the dead is removed', async (prompt) => {
    const spools = join(worlds.get(prompt)?.env['RENDERMILL_DATA_DIR'] ?? '', 'spool');
    await until(async () => (await readdir(spools)).length === 1);
  });
});
