import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LoggedDelivery } from '../../../test/webhook-calls.js';
import { answerForLab, attacks, good, watchConnections } from '../../../test/attack-urls.js';
import { until } from '../../../test/until.js';
import type { World } from '../../../test/world.js';

/**
 * What strangers' URLs may reach, by the front door, quickly and without root: names are answered for in this process,
 * and every attempt of it at a connection is seen. attack-network.slow.test.ts is the same with a network and names in earnest.
 */

let world: World;
let idle: World;
let trap: Server;
let port = 0;
let visits = 0;
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
  const env = { RENDERMILL_ALLOW_NETS: '' };
  world = await createWorld({ env, config: { webhook_schedule_seconds: [0] } });
  idle = await createWorld({ env, worker: false });
});
afterAll(async () => {
  connections.stop();
  restore();
  await Promise.all([world.close(), idle.close()]);
  await new Promise<void>((resolve) => trap.close(() => resolve()));
});

/** Connections that went where the attacks lead: to their ports, or to the trap. Ours go to other ports of 127.0.0.1. */
const reached = (): string[] => connections.to([80, 443, 6_379, 22, port]);

interface Refusal {
  readonly id: string;
  readonly error: { code: string; param: string };
}

const edit = async (at: World, image_url: string) =>
  at.call<Refusal>('POST', '/v1/jobs', { type: 'edit', prompt: 'x', model: 'gpt-image-1', images: [{ image_url }] });
const endpoint = async (url: string, event_types: string[]) =>
  world.call<Refusal>('POST', '/v1/webhook_endpoints', { name: 'attack', url, event_types });

test('there are 77 of them, each once, and five that are good', () => {
  expect(good).toHaveLength(5);
  for (const scheme of ['http', 'https'] as const) expect(new Set(attacks(scheme, port)).size).toBe(77);
});

describe('77 of 77 are blocked', () => {
  test('as input images, when they are submitted or when the worker would connect, and nothing is paid', async () => {
    const outcomes = await Promise.all(
      attacks('http', port).map(async (url) => {
        const { status, body } = await edit(world, url);
        const code = status === 202 ? (await world.ended(body.id)).error?.code : body.error.code;
        return [url, code] as const;
      }),
    );
    for (const [url, code] of outcomes) {
      const early = url.startsWith('data:') ? 'invalid_image' : 'invalid_parameter';
      const late = url.includes('.lab.test/') && URL.canParse(url);
      expect([url, code]).toEqual([url, late ? 'image_url_blocked' : early]);
    }
    expect(outcomes).toHaveLength(77);
    expect([reached(), visits, await world.simulator.ledger()]).toEqual([[], 0, []]);
  });

  test('as webhook endpoints, when they are registered or when the worker would connect', async () => {
    const urls = attacks('https', port);
    const answers = await Promise.all(urls.map(async (url) => [url, await endpoint(url, ['job.completed'])] as const));
    for (const [url, { status, body }] of answers)
      if (status !== 200) expect([url, status, body.error.code]).toEqual([url, 400, 'invalid_parameter']);
    const registered = answers.filter(([, { status }]) => status === 200).map(([, { body }]) => body.id);
    await world.ended((await world.submit({})).id);
    for (const id of registered) {
      let log: LoggedDelivery[] = [];
      await until(async () => {
        const path = `/v1/webhook_endpoints/${id}/deliveries`;
        log = (await world.call<{ data: LoggedDelivery[] }>('GET', path)).body.data;
        return log[0]?.status === 'failed';
      });
      expect(log).toMatchObject([{ attempts: [{ http_status: null, response_body: null }] }]);
      expect(log[0]?.attempts[0]?.error).toMatch('leads to a private address');
    }
    expect([reached(), visits]).toEqual([[], 0]);
  });

  test('as webhook_url of a job', async () => {
    for (const webhook_url of attacks('https', port)) {
      const { status, body } = await idle.call<Refusal>('POST', '/v1/jobs', {
        type: 'generation',
        prompt: 'x',
        webhook_url,
      });
      if (status !== 202) expect([webhook_url, body.error.code]).toEqual([webhook_url, 'invalid_parameter']);
      // What is left are names, which are judged when they are connected to, by the same way out as an endpoint's.
      else expect(webhook_url).toMatch(/\.lab\.test\/$/);
    }
  });
});

describe('the good ones pass', () => {
  test.each(good)('%s', async (url) => {
    expect((await edit(idle, url)).status).toBe(202);
    expect((await endpoint(url, ['job.failed'])).status).toBe(200);
  });
});
