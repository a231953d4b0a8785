import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import sharp from 'sharp';
import { startFileServer } from '../../../test/file-server.js';
import { startApp } from '../../../test/processes.js';
import { completed, register, settled } from '../../../test/webhook-calls.js';
import { createWorld } from '../../../test/world.js';

/** A proxy would see addresses that the guard must judge, and the guard would judge the proxy's. */
test('proxies that the environment names are asked for nothing: image URLs, webhooks, providers and tests go straight', async () => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(String(request.url));
    response.writeHead(502).end();
  });
  proxy.on('connect', (request, socket: Socket) => {
    asked.push(String(request.url));
    socket.destroy();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'GLOBAL_AGENT_HTTP_PROXY'];
  const proxies = Object.fromEntries(
    names.flatMap((name) => [name, name.toLowerCase()]).map((name) => [name, address]),
  );
  const world = await createWorld({ worker: false });
  const env = { ...world.env, ...proxies, NODE_USE_ENV_PROXY: '1', NO_PROXY: '', no_proxy: '' };
  const files = await startFileServer();
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#40a0c0' } })
    .png()
    .toBuffer();
  files.answer = (_path, response) => void response.writeHead(200).end(picture);
  const apps = [await startApp('worker', env), await startApp('api', env)];
  const endpoint = await register(world, '/straight', ['job.completed']);
  await completed(world, { type: 'edit', images: [{ image_url: `${files.url}/in.png` }] });
  await settled(world, endpoint.id, 'delivered');
  const tested = await fetch(`${apps[1]?.url}/v1/webhook_endpoints/${endpoint.id}/test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
    body: '{"event_type":"job.completed"}',
  });
  expect([tested.status, files.asked, world.receiver.received.length]).toEqual([200, ['/in.png'], 2]);
  expect(asked).toEqual([]);
  await Promise.all(apps.map(async (app) => app.kill('SIGTERM')));
  await world.close();
  await files.close();
  await new Promise<void>((resolve) => proxy.close(() => resolve()));
}, 120_000);
