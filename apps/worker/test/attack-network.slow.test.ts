import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Came, Report, Way } from '../../../test/attack-network/inside.js';
import { good } from '../../../test/attack-urls.js';

/**
 * The attacks where they can come true: in a network namespace that has every address they lead to, with something that
 * listens there, names that the system resolves from a DNS server, and API and worker as they are shipped.
 */
const program = fileURLToPath(new URL('../../../test/attack-network/inside.ts', import.meta.url));
// With processes of its own too: whatever becomes of the program, nothing of it stays.
const apart = ['--net', '--mount', '--pid', '--fork', '--kill-child'];

const lacking = whatLacks();
const attempted = lacking === null ? describe : describe.skip;
if (lacking !== null) process.stderr.write(`The attacks are not tried in a network of their own: ${lacking}\n`);

/** Why the namespaces cannot be had; null where they can. */
function whatLacks(): string | null {
  if (!process.env['TEST_REDIS_URL']?.startsWith('unix:')) return 'the Redis of the tests is not at a Unix socket';
  const steps = 'ip link set lo up && ip address add fd00::1/128 dev lo && mount --bind /etc/hosts /etc/hosts';
  const tried = spawnSync('unshare', [...apart, 'sh', '-c', `${steps} && openssl version`], { encoding: 'utf8' });
  if (tried.status === 0) return null;
  return `it takes root on Linux with unshare, ip (iproute2) and openssl: ${tried.error?.message ?? tried.stderr.trim()}`;
}

let dir: string;
let child: ChildProcess;
let report: Report;
beforeAll(async () => {
  if (lacking !== null) return;
  dir = await mkdtemp(join(tmpdir(), 'rm-attacks-'));
  const env = { PATH: process.env['PATH'], TMPDIR: dir, TEST_REDIS_URL: process.env['TEST_REDIS_URL'] };
  const args = [...apart, process.execPath, '--import', 'tsx', program, dir];
  child = spawn('unshare', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (code !== 0) throw new Error(`the program in the namespace ended with ${String(code)}:\n${complaints}`);
  report = JSON.parse(await readFile(join(dir, 'report.json'), 'utf8')) as Report;
});
afterAll(async () => {
  if (lacking !== null) return;
  // Where the test's time was up before the program's end.
  child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

const nothing = { trapped: [], visited: [] };
const isLate = (url: string): boolean => url.endsWith('.lab.test/') && URL.canParse(url);

attempted('in a network that has what the attacks lead to', () => {
  test('a client without a guard gets into a trap by each of the 77 that an ordinary client can follow', () => {
    const free = Object.entries(report.unguarded).filter(([, end]) => end !== 'trapped');
    // The rest is judged all the same, but cannot be reached here by anybody.
    const why = (scheme: string) => [
      // A link-local address needs its interface named, which a URL cannot.
      [`${scheme}://[fe80::1]/`, 'EINVAL'],
      [`${scheme}://link6.lab.test/`, 'EINVAL'],
      // TCP has no multicast.
      [`${scheme}://[ff02::1]/`, 'ENETUNREACH'],
      [`${scheme}://multicast.lab.test/`, 'ENETUNREACH'],
      [`${scheme}://93.184.216.34 .lab.test/`, 'ERR_INVALID_URL'],
    ];
    const others = [
      ['ftp://93.184.216.34/', 'ERR_INVALID_PROTOCOL'],
      ['file:///etc/passwd', 'ERR_INVALID_PROTOCOL'],
      ['gopher://127.0.0.1:6379/_INFO', 'ERR_INVALID_PROTOCOL'],
      ['data:text/plain,x', 'ERR_INVALID_PROTOCOL'],
      [expect.stringMatching(/^\/\/127/), 'ERR_INVALID_URL'],
    ];
    expect(free).toHaveLength(15);
    expect(free).toEqual(expect.arrayContaining([...why('http'), ...why('https'), ...others]));
    // Of both schemes, but five that have one of their own or none.
    expect(Object.keys(report.unguarded)).toHaveLength(2 * 77 - 5);
  });

  describe('77 of 77 come to nothing', () => {
    test('as input images: refused, or blocked when the worker would connect, and nothing is paid', () => {
      const { outcomes, ...came } = report.ways.images.attacks;
      for (const { url, status, code } of outcomes) {
        const early = [400, url.startsWith('data:') ? 'invalid_image' : 'invalid_parameter'];
        expect([url, status, code]).toEqual([url, ...(isLate(url) ? [202, 'image_url_blocked'] : early)]);
      }
      expect(outcomes).toHaveLength(77);
      expect(came).toEqual({ ...nothing, paid: 0 });
    });

    test.each([
      ['webhook_url of a job', 202],
      ['webhook endpoints', 200],
    ])('as %s: refused, or blocked when the worker would connect', (name, accepted) => {
      const { outcomes, ...came } = report.ways[name === 'webhook endpoints' ? 'endpoints' : 'webhookUrls'].attacks;
      for (const { url, status, code, attempts } of outcomes) {
        const seen = [url, status, code, attempts?.map((one) => [one.http_status, one.response_body, one.error])];
        const error = `${new URL(isLate(url) ? url : 'https://x').hostname} leads to a private address`;
        expect(seen).toEqual(
          isLate(url) ? [url, accepted, undefined, [[null, null, error]]] : [url, 400, 'invalid_parameter', undefined],
        );
      }
      expect(outcomes).toHaveLength(77);
      expect(came).toMatchObject(nothing);
    });

    test('as webhook endpoints that are tested, which the API does', () => {
      const tested = report.ways.endpoints.attacks.outcomes.flatMap((one) => one.tested ?? []);
      expect(tested).toHaveLength(17);
      for (const answer of tested) expect(answer).toMatch('leads to a private address');
    });

    test('as what a good image URL redirects to, where a header takes them; the good server was asked each time', () => {
      const { outcomes, trapped, visited, paid } = report.redirected;
      expect(outcomes).toHaveLength(76);
      for (const { url, code } of outcomes) expect([url, code]).toEqual([url, 'image_url_blocked']);
      expect([trapped, paid, visited.length]).toEqual([[], 0, 76]);
    });
  });

  test('a name that leads to the good server and to the loopback in turn is the one or is blocked: it is asked once', () => {
    const { outcomes, trapped, visited, paid } = report.rebound;
    const ends = outcomes.map(({ ended, code }) => code ?? ended);
    expect(ends).toEqual(['completed', 'image_url_blocked', 'completed', 'image_url_blocked']);
    expect([trapped, visited, paid]).toEqual([[], Array(2).fill('GET 93.184.216.34 /a.png'), 2]);
  });

  describe('5 of 5 good ones pass', () => {
    const paths = ['/a.png', '/a.png', '/a.png', '/a.png', '/a.png?b=c'];
    const pathsOf = ({ visited }: Came, method: string): string[] =>
      visited.map((one) => one.replace(new RegExp(`^${method} [\\da-f.:]+ `), '')).sort();

    test('as input images: their pictures are fetched over HTTPS and the jobs complete', () => {
      const { good: came } = report.ways.images;
      expect(came.outcomes).toEqual(good.map((url) => ({ url, status: 202, ended: 'completed' })));
      expect([pathsOf(came, 'GET'), came.trapped, came.paid]).toEqual([paths, [], 5]);
    });

    test.each(['webhookUrls', 'endpoints'] as const)('as %s: the events are delivered', (name) => {
      const { good: came }: Way = report.ways[name];
      expect(came.outcomes.map(({ url, attempts }) => [url, attempts?.map((one) => one.http_status)])).toEqual(
        good.map((url) => [url, [200]]),
      );
      // An endpoint's test is one more event.
      const expected = name === 'endpoints' ? [...paths, ...paths].sort() : paths;
      expect([pathsOf(came, 'POST'), came.trapped]).toEqual([expected, []]);
      if (name === 'endpoints') expect(came.outcomes.map(({ tested }) => tested)).toEqual(Array(5).fill('200'));
    });
  });
});
