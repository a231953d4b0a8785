import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withLinks } from '@rendermill/shared/domain/event-links';
import { eventBody, type StoredEvent } from '@rendermill/shared/domain/events';
import { completed, register, settled, type LoggedDelivery } from '../../../test/webhook-calls.js';
import { createWorld, type World } from '../../../test/world.js';

/** Links to pictures go only to endpoints that ask for them. */

let world: World;
beforeAll(async () => {
  world = await createWorld({ config: { webhook_schedule_seconds: [0, 1.5] } });
});
afterAll(async () => world.close());

interface ToldImage {
  readonly index: number;
  readonly url?: string;
  readonly url_expires_at?: number;
}
const imagesAt = (path: string): ToldImage[][] =>
  world.receiver.received.filter((got) => got.path === path).map(({ event }) => event.data['images'] as ToldImage[]);

test('include_urls puts a link that works without a key at each image, the same at every try; nobody else gets one', async () => {
  let refusals = 1;
  world.receiver.answer = ({ path }) => ({ status: path === '/links' && refusals-- > 0 ? 500 : 200 });
  const linked = await register(world, '/links', ['job.completed'], { include_urls: true });
  const plain = await register(world, '/plain', ['job.completed']);
  expect([linked, plain]).toMatchObject([{ include_urls: true }, { include_urls: false }]);
  const job = await completed(world, { n: 2, webhook_url: `${world.receiver.url}/own` });
  const [told] = await settled(world, linked.id, 'delivered');
  for (const path of ['/plain', '/own']) await world.receiver.waitFor(1, (got) => got.path === path);

  const bodies = world.receiver.received.filter(({ path }) => path === '/links').map(({ body }) => body);
  expect([bodies.length, new Set(bodies).size]).toEqual([2, 1]);
  const images = imagesAt('/links')[0] ?? [];
  expect(images).toHaveLength(2);
  for (const { index, url = '', url_expires_at = 0 } of images) {
    expect(url.startsWith(`${world.url}/v1/jobs/${job}/images/${index}?expires=${url_expires_at}&`)).toBe(true);
    const picture = await fetch(url);
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
    await picture.body?.cancel();
  }
  for (const path of ['/plain', '/own'])
    expect(imagesAt(path)[0]?.map(({ index, url }) => [index, url])).toEqual([
      [0, undefined],
      [1, undefined],
    ]);
  // A link that works without a key is not written into a log.
  const log = await world.call<LoggedDelivery>('GET', `/v1/webhook_endpoints/${linked.id}/deliveries/${told?.id}`);
  expect(JSON.stringify(log.body)).not.toContain('signature');
});

test('it can be turned on and off; what is changed beside it leaves it as it is', async () => {
  const endpoint = await register(world, '/changes', ['job.completed']);
  const change = async (body: Record<string, unknown>): Promise<unknown> =>
    (await world.call<{ include_urls?: boolean }>('POST', `/v1/webhook_endpoints/${endpoint.id}`, body)).body
      .include_urls;
  expect(await change({ include_urls: true })).toBe(true);
  expect(await change({ name: 'another' })).toBe(true);
  expect(await change({ include_urls: false })).toBe(false);
});

test('an event with links stays under 20 kB and says what it left out', () => {
  const images = Array.from({ length: 10 }, (_, index) => ({ index, key: 'k'.repeat(100) }));
  const data = { id: 'job_1', object: 'job', images, metadata: { a: 'x'.repeat(17_000) }, error: null };
  const event: StoredEvent = { id: 'evt_1', project: 'p', type: 'job.completed', created_at: 0, sequence: 1, data };
  const links = { publicUrl: 'https://mill.example', secret: 's', ttlSeconds: 60 };
  const { data: fits } = withLinks(event, links);
  expect(fits).toMatchObject({ metadata: null, left_out: ['metadata'] });
  expect(fits['images']).toHaveLength(10);
  expect(Buffer.byteLength(eventBody(withLinks(event, links)))).toBeLessThan(20_000);
  const before = withLinks({ ...event, data: { ...data, metadata: null, left_out: ['metadata'] } }, links);
  expect(before.data['left_out']).toEqual(['metadata']);
});
