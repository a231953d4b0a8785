import type { AddressInfo } from 'node:net';
import { createHttpServer, type ServerTimes } from '../../src/http/server.js';
import { runSection, type Ask } from './run-section.js';
import { raw, type Said } from './said.js';

/** HTTP itself, byte by byte. */

const host = 'Host: rendermill.example';
/** Lines of a head, for which `KEY` is the API key; each is sent with CR and LF. */
const lines =
  (...head: readonly string[]): Ask =>
  async (world) =>
    raw(
      world.url,
      head.map((line) => line.replace('KEY', `Authorization: Bearer ${world.key}`)),
    );
const exactly =
  (text: string): Ask =>
  async (world) =>
    raw(world.url, text);
const post = (...head: readonly string[]): Ask => lines('POST /v1/jobs HTTP/1.1', host, 'KEY', ...head);
const chunked = 'Transfer-Encoding: chunked';

/** The same server with a shorter patience: its application reads the whole body before it answers. */
async function hurried(text: string): Promise<Said> {
  const times: ServerTimes = {
    headersTimeout: 50,
    requestTimeout: 100,
    connectionsCheckingInterval: 20,
    keepAliveTimeout: 1_000,
    lingerMs: 1_000,
  };
  const server = createHttpServer((request, response) => {
    request.resume().on('end', () => response.end());
  }, times);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await raw(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, text);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

runSection(
  'H',
  { 311: { status: 400, code: 'bad_http', because: 'ours has an envelope: Node is kept from answering by itself' } },
  {
    311: lines('GET /v1/jobs HTTP/1.1', 'KEY'),
    312: lines('GET /v1/jobs HTTP/1.1', host, 'KEY', 'Host: evil.example'),
    313: lines('GET /v1/jobs HTTP/1.1', host, 'KEY', 'Authorization: Bearer rm_live_other'),
    314: lines('BREW /v1/jobs HTTP/1.1', host, 'KEY'),
    315: lines('GET /v1/jobs HTTP/9.9', host, 'KEY'),
    316: exactly('\u0016\u0003\u0001 hello\r\n\r\n'),
    317: post('Content-Length: 2', chunked, '', '0'),
    318: post('Content-Length: 2', 'Content-Length: 3', '', '{}'),
    319: post('Content-Length: -1'),
    320: post('Content-Type: application/json', chunked, '', 'zz'),
    321: post('Transfer-Encoding: xchunked'),
    322: post('X Y: z'),
    323: post('X-A: b', ' c'),
    324: exactly(`GET /v1/jobs HTTP/1.1\r\n${host}\r\nX-A: b\nc\r\n\r\n`),
    325: post('X-A: b\u0000c'),
    326: async () => hurried(`GET / HTTP/1.1\r\n${host}\r\nX-A: b`),
    327: async () => hurried(`POST / HTTP/1.1\r\n${host}\r\nContent-Length: 100\r\n\r\n{`),
    328: lines('GET http://other.example/v1/jobs HTTP/1.1', host, 'KEY'),
    329: lines('CONNECT other.example:443 HTTP/1.1', host, 'KEY'),
    330: lines('GET /v1/jobs HTTP/1.1', host, 'KEY', 'Connection: Upgrade', 'Upgrade: websocket'),
    331: lines('TRACE /v1/jobs HTTP/1.1', host, 'KEY'),
    332: lines('GET /v1/jobs HTTP/1.1', host, 'KEY', ...Array.from({ length: 150 }, (_, i) => `X-${i}: ${i}`)),
  },
);
