import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ping } from '../src/redis-ping.js';
import { shortDir } from './helpers.js';

/** What a ping makes of a server that answers like this (null: not at all). */
async function answerTo(reply: string | null, password?: string) {
  const path = join(await shortDir(), 'redis.sock');
  let heard = '';
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket
      .on('error', () => undefined)
      .once('data', (data: Buffer) => {
        heard = data.toString();
        if (reply === '') socket.end();
        else if (reply !== null) socket.write(reply);
      });
  }).listen(path);
  await once(server, 'listening');
  const pong = await ping({ connect: { path }, password }, 1_500);
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
  return { pong, heard };
}

test('a Redis that serves is ready, with a password too', async () => {
  expect(await answerTo('+PONG\r\n')).toEqual({ pong: 'ready', heard: 'PING\r\n' });
  expect(await answerTo('+OK\r\n+PONG\r\n', 'pass')).toEqual({ pong: 'ready', heard: 'AUTH pass\r\nPING\r\n' });
});

test('a Redis that reads its append-only file is waited for', async () => {
  expect((await answerTo('-LOADING Redis is loading the dataset in memory\r\n')).pong).toBe('loading');
});

test('a Redis that refuses, is silent or is not there is told apart', async () => {
  expect((await answerTo('-WRONGPASS invalid\r\n', 'x')).pong).toEqual({ trouble: 'WRONGPASS invalid' });
  expect((await answerTo(null)).pong).toEqual({ trouble: 'no answer in 1500 ms' });
  expect((await answerTo('')).pong).toEqual({ trouble: 'closed the connection' });
  expect(await ping({ connect: { path: '/no/such.sock' } })).toEqual({ trouble: expect.stringContaining('ENOENT') });
});
