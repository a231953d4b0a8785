import { request, type ClientRequest } from 'node:http';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { parseApiEnv } from '@rendermill/shared/config/env';
import { newId } from '@rendermill/shared/domain/ids';
import { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import { createLogger } from '@rendermill/shared/observability/log';
import { buildApi } from '../src/build-api.js';
import { until } from '../../../test/until.js';
import { uploadsOnDisk } from '../../../test/uploads-on-disk.js';
import { createWorld, type World } from '../../../test/world.js';

let world: World;
let image: string;
beforeAll(async () => {
  world = await createWorld({ worker: false });
  const pixels = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  image = `data:image/png;base64,${pixels.toString('base64')}`;
});
afterAll(async () => world.close());

const edit = () => ({ type: 'edit', prompt: 'uploaded', model: 'gpt-image-1', image });
const files = async (): Promise<string[]> => uploadsOnDisk(world);

/** A request whose body stops in the middle of its image, until `rest` is called. */
function begin(requestId: string): { readonly rest: () => void; readonly status: Promise<number> } {
  const text = JSON.stringify(edit());
  const half = text.length - 60;
  let sent: ClientRequest;
  const status = new Promise<number>((resolve, reject) => {
    sent = request(`${world.url}/v1/jobs`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${world.key}`,
        'content-type': 'application/json',
        'x-request-id': requestId,
      },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.write(text.slice(0, half));
  });
  return { rest: () => void sent.end(text.slice(half)), status };
}

describe('an upload', () => {
  test.each(['..', '.', 'the-same-id'])('survives another request with the id %p', async (id) => {
    const slow = begin('the-same-id');
    await until(async () => (await files()).length === 1);
    expect((await world.call('POST', '/v1/jobs', edit(), { 'x-request-id': id })).status).toBe(202);
    slow.rest();
    expect(await slow.status).toBe(202);
    await until(async () => (await files()).length === 0);
  });

  test('that a killed API left is removed by the next; those of one that lives stay', async () => {
    const [dead, alive] = [newId('api'), newId('api')];
    for (const holder of [dead, alive]) {
      const folder = join(world.dir, 'data', 'uploads', holder, 'body-x');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'part'), 'x');
    }
    await world.redis.set(`${world.prefix}api:${alive}`, '1');
    const lifecycle = new Lifecycle();
    const log = createLogger('silent', 'api');
    const next = await buildApi(parseApiEnv(world.env), loadConfiguration(world.env), log, lifecycle);
    const folders = async (): Promise<string[]> => readdir(join(world.dir, 'data', 'uploads'));
    await until(async () => !(await folders()).includes(dead));
    expect(await folders()).toContain(alive);
    expect(await folders()).toHaveLength(3);
    await next.drain();
    await lifecycle.close(log);
    expect(await folders()).toHaveLength(2);
  });
});
