import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { answerForLab, attacks, watchConnections } from '../../../test/attack-urls.js';
import { startFileServer, type FileServer } from '../../../test/file-server.js';
import { startRelay, type Relay } from '../../../test/relay.js';
import type { World } from '../../../test/world.js';

/** Where servers that may be reached send us on: by a redirect, by a name that changes, by a link to a result. */

let world: World;
let trap: Server;
let port = 0;
let visits = 0;
let server: FileServer;
/** A provider at a private address, which only its own account may reach. */
let own: FileServer;
let relay: Relay;
const restore = answerForLab();
const connections = watchConnections();

beforeAll(async () => {
  const { createWorld } = await import('../../../test/world.js');
  trap = createServer((_request, response) => {
    visits++;
    response.end('secret');
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  ({ port } = trap.address() as AddressInfo);
  server = await startFileServer('127.0.0.2');
  own = await startFileServer();
  relay = await startRelay(Buffer.from('no picture'), () => ({ json: {} }));
  world = await createWorld({
    env: { RENDERMILL_ALLOW_NETS: '127.0.0.2/32' },
    account: { preset: 'openai-compatible', base_url: relay.url },
    others: { own: { preset: 'openai-compatible', base_url: `${own.url}/v1` } },
  });
});
afterAll(async () => {
  connections.stop();
  restore();
  await world.close();
  await Promise.all([server.close(), own.close(), relay.close()]);
  await new Promise<void>((resolve) => trap.close(() => resolve()));
});

const edit = async (image_url: string) =>
  world.ended((await world.submit({ type: 'edit', prompt: 'x', images: [{ image_url }] })).id);
/** Connections that went where the attacks lead. */
const reached = (): string[] => connections.to([80, 443, 6_379, 22, port]);
/** A header takes no line break: the 76 others are tried. */
const locations = (): string[] => attacks('http', port).filter((url) => !/[\r\n]/.test(url));

describe('F3 an image URL that may be reached', () => {
  test('and that redirects to any of the attacks is blocked: no connection, no charge', async () => {
    server.answer = (path, response) => {
      const location = Buffer.from(locations()[Number(path.slice(1))] ?? '').toString('latin1');
      response.writeHead(302, { location }).end();
    };
    const codes = await Promise.all(
      locations().map(async (url, i) => [url, (await edit(`${server.url}/${i}`)).error?.code]),
    );
    expect(codes).toEqual(locations().map((url) => [url, 'image_url_blocked']));
    expect(codes).toHaveLength(76);
    expect([reached(), visits, relay.calls.length]).toEqual([[], 0, 0]);
  });

  test('and that redirects in a circle is left after three', async () => {
    server.answer = (_path, response) => void response.writeHead(307, { location: '/circle' }).end();
    expect((await edit(`${server.url}/circle`)).error?.code).toBe('image_url_blocked');
    expect(server.asked.filter((path) => path === '/circle')).toHaveLength(4);
  });

  test('by a name that leads elsewhere when it is connected to is blocked', async () => {
    const itsPort = new URL(server.url).port;
    const asked = server.asked.length;
    // The answers of `rebind.lab.test` are 127.0.0.2 and 127.0.0.1 in turn: the check sees the one, the connection the other.
    const job = await edit(`http://rebind.lab.test:${itsPort}/picture.png`);
    expect(job.error?.code).toBe('image_url_blocked');
    expect([
      server.asked.length,
      connections.to([Number(itsPort)]).filter((to) => to.startsWith('127.0.0.1 ')),
    ]).toEqual([asked, []]);
  });
});

describe('a result', () => {
  /** The provider answers with the link that the prompt is. */
  const generate = async (url: string) => {
    relay.answer = ({ json }) => ({
      json: { created: 1, data: [{ url: Buffer.from(String(json?.['prompt']), 'base64').toString() }] },
    });
    const prompt = Buffer.from(url).toString('base64');
    return world.ended((await world.submit({ prompt, provider: 'sim', on_unknown_outcome: 'fail' })).id);
  };

  test('at any of the 77 is not fetched, and the job says that it was paid', async () => {
    const urls = attacks('https', port);
    const jobs = await Promise.all(urls.map(async (url) => generate(url)));
    for (const [i, { status, error, paid_attempts }] of jobs.entries()) {
      const isLink = /^https?:/.test(urls[i] ?? '');
      expect([urls[i], status, error?.code, paid_attempts > 0]).toEqual([
        urls[i],
        'failed',
        isLink ? 'result_url_expired' : expect.stringMatching(/^(bad_provider_response|outcome_unknown)$/),
        true,
      ]);
    }
    expect([reached(), visits]).toEqual([[], 0]);
  });

  test("that its account's own origin redirects is checked like any other, though that origin is trusted", async () => {
    own.answer = (path, response) => {
      if (path === '/result.png') response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end();
      else response.end(JSON.stringify({ created: 1, data: [{ url: `${own.url}/result.png` }] }));
    };
    const job = await world.ended((await world.submit({ provider: 'own', on_unknown_outcome: 'fail' })).id);
    expect(job).toMatchObject({ error: { code: 'result_url_expired' }, paid_attempts: 1 });
    expect([own.asked.at(-1), visits]).toEqual(['/result.png', 0]);
  });
});
