import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { download } from '@rendermill/shared/adapters/http/download';
import { Outbound, OutboundError } from '@rendermill/shared/adapters/http/outbound';
import { retryAfter } from '@rendermill/shared/adapters/http/post';
import { attacks } from '../../../test/attack-urls.js';
import { FileSink } from '@rendermill/shared/streams/file-sink';

const strict = new Outbound({ allowNets: [], connectMs: 1_000 });
const local = new Outbound({ allowNets: ['127.0.0.0/8'], connectMs: 1_000 });
let server: Server;
let url: string;
let dir: string;
let visits = 0;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rm-outbound-'));
  server = createServer((request, response) => {
    visits++;
    const path = request.url ?? '/';
    if (path === '/good') response.end('picture');
    else if (path === '/endless') {
      const more = setInterval(() => response.write('x'.repeat(50_000)), 1);
      response.on('close', () => clearInterval(more));
    } else if (path.startsWith('/to?')) response.writeHead(302, { location: decodeURIComponent(path.slice(4)) }).end();
    else if (path === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else if (path === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    else if (path === '/cut') {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    } else if (path === '/silent') response.flushHeaders();
    else response.writeHead(404).end('nothing here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await Promise.all([strict.close(), local.close()]);
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await rm(dir, { recursive: true });
});

const reasonOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'allowed',
    (error: unknown) => (error instanceof OutboundError ? error.reason : String(error)),
  );
let files = 0;
const fetchFrom = async (outbound: Outbound, from: string) =>
  download(outbound, from, async () => FileSink.open(join(dir, `f${files++}`)), {
    maxBytes: 200_000,
    totalMs: 2_000,
    idleMs: 500,
  });

/** Every way of writing an address that is not public, and of hiding one. */
const forbidden = [
  'http://127.0.0.1/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'http://0/',
  'http://①②⑦.⓪.⓪.①/',
  'http://127。0。0。1/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::127.0.0.1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b:1::a00:1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001:0:1::]/',
  'http://[fc00::1]/',
  'http://[fd00::1]/',
  'http://[fe80::1]/',
  'http://[ff02::1]/',
  'http://[100::1]/',
  'http://[2001:db8::1]/',
  'http://[3fff::1]/',
  'http://[4000::1]/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://168.63.129.16/',
  'http://192.0.0.1/',
  'http://192.0.2.1/',
  'http://198.18.0.1/',
  'http://198.51.100.1/',
  'http://203.0.113.1/',
  'http://224.0.0.1/',
  'http://240.0.0.1/',
  'http://255.255.255.255/',
  'http://localhost/',
  'http://localhost./',
  'http://foo.localhost/',
  'http://printer.local/',
  'http://metadata.google.internal/',
  'http://redis/',
  'http://93.184.216.34:6379/',
  'https://93.184.216.34:22/',
  'http://user:pw@93.184.216.34/',
  'http://93.184.216.34\\@127.0.0.1/',
  'http:// 93.184.216.34/',
  'http://93.184.216.34/\n',
  'ftp://93.184.216.34/',
  'file:///etc/passwd',
  'gopher://93.184.216.34/',
  'data:image/png;base64,AAAA',
  'javascript:alert(1)',
  '//93.184.216.34/',
  'http://',
  '',
  `https://example.com/${'a'.repeat(2_100)}`,
];

describe('a URL that may not be reached', () => {
  test.each(forbidden)('%p is blocked before anything is sent', async (text) => {
    expect(await reasonOf(strict.check(text, false))).toBe('blocked');
  });

  test.each([
    'https://93.184.216.34/a.png',
    'http://93.184.216.34/',
    'https://[2606:2800:220:1::1]/',
    'https://example.com/x?y=1',
    'https://münchen.example/h',
  ])('%p is not among them', async (text) => {
    expect(await reasonOf(strict.check(text, false))).toBe('allowed');
  });

  test.each(['http://example.com/', 'https://example.com:8443/', 'https://example.com:80/'])(
    '%p is, for a webhook',
    async (text) => {
      expect(await reasonOf(strict.check(text, true))).toBe('blocked');
    },
  );

  test('stays one although its name leads there only at connect time', async () => {
    const before = visits;
    // Passes the check by name, as one that is rebound would; the connection is judged by its address.
    const { request } = await import('undici');
    const to = new URL(url);
    to.hostname = 'localhost';
    expect(
      await reasonOf(
        request(to, { dispatcher: strict.dispatcher }).catch((error: Error) => Promise.reject(error.cause ?? error)),
      ),
    ).toBe('blocked');
    expect(
      await reasonOf(
        request(url, { dispatcher: strict.dispatcher }).catch((error: Error) => Promise.reject(error.cause ?? error)),
      ),
    ).toBe('blocked');
    expect(visits).toBe(before);
  });
});

describe('RENDERMILL_ALLOW_NETS', () => {
  test('opens its networks, by http and on any port, and no other', async () => {
    expect(await reasonOf(local.check(`${url}/good`, true))).toBe('allowed');
    expect(await reasonOf(local.check('http://127.9.9.9:1/', false))).toBe('allowed');
    expect(await reasonOf(local.check('http://10.0.0.1/', false))).toBe('blocked');
    expect(await reasonOf(local.check('http://93.184.216.34:6379/', false))).toBe('blocked');
  });
});

describe('a download', () => {
  test('is written whole with its hash', async () => {
    expect(await fetchFrom(local, `${url}/good`)).toMatchObject({ bytes: 7 });
  });

  test.each([
    ['/missing', 'status'],
    ['/endless', 'too_large'],
    ['/silent', 'timeout'],
    ['/cut', 'unreachable'],
    ['/gzip', 'encoding'],
    ['/loop', 'redirects'],
    [`/to?${encodeURIComponent('http://10.0.0.1/')}`, 'blocked'],
    [`/to?${encodeURIComponent('http://169.254.169.254/')}`, 'blocked'],
    [`/to?${encodeURIComponent('file:///etc/passwd')}`, 'blocked'],
  ])('of %s fails as %s, and leaves no file', async (path, reason) => {
    const before = (await readdir(dir)).length;
    expect(await reasonOf(fetchFrom(local, url + path))).toBe(reason);
    expect((await readdir(dir)).length).toBe(before);
  });

  test('follows no redirect to any of the attacks, though it began where it may', async () => {
    const outbound = new Outbound({ allowNets: ['127.0.0.9/32'], connectMs: 1_000 });
    let target = '';
    const redirecting = createServer((_request, response) => {
      response.writeHead(302, { location: target }).end();
    });
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.9', resolve));
    const at = (redirecting.address() as AddressInfo).port;
    const before = visits;
    // Names are another test's; a header has no line ends, and only ASCII that every client reads alike; a backslash in it
    // is a slash.
    const targets = attacks('http', Number(new URL(url).port)).filter((to) => !/\.lab\.test\/$|[^ -~]|\\/.test(to));
    expect(targets).toHaveLength(55);
    for (target of targets) {
      const reason = await reasonOf(fetchFrom(outbound, `http://127.0.0.9:${at}/`));
      expect([target, reason]).toEqual([target, URL.canParse(target, url) ? 'blocked' : 'unreachable']);
    }
    expect(visits).toBe(before);
    await outbound.close();
    redirecting.closeAllConnections();
    await new Promise<void>((resolve) => redirecting.close(() => resolve()));
  });

  test('follows a redirect to where it may go', async () => {
    expect(await fetchFrom(local, `${url}/to?${encodeURIComponent(`${url}/good`)}`)).toMatchObject({ bytes: 7 });
  });
});

describe('Retry-After', () => {
  test.each([
    ['2', 2_000],
    ['1.5', 1_500],
    ['Sat, 21 Nov 2026 00:00:10 GMT', 10_000],
    ['Sat, 21 Nov 2020 00:00:10 GMT', 0],
    ['soon', null],
    [undefined, null],
  ])('%p is %p ms', (header, ms) => {
    expect(retryAfter(header, Date.UTC(2026, 10, 21))).toBe(ms);
  });
});
