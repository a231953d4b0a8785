import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  chunksOf,
  ConnectionError,
  Rendermill,
  RendermillError,
  type BatchEvent,
  type JobEvent,
} from '@rendermill/client';
import { jsonl, lines } from '../../../test/batch-calls.js';
import { createWorld, type World } from '../../../test/world.js';
import { startBreakingWay, type BreakingWay } from './breaking-way.js';

/** The client as others use it, against a real API and worker. */

let world: World;
let way: BreakingWay;
let client: Rendermill;
beforeAll(async () => {
  world = await createWorld();
  way = await startBreakingWay(world.url);
  client = new Rendermill({ url: `${way.url}/`, apiKey: world.key });
});
afterAll(async () => {
  await way.close();
  await world.close();
});
afterEach(() => {
  way.seen.length = 0;
});

const mug = { type: 'generation', prompt: 'a red mug', model: 'gpt-image-1', quality: 'low' } as const;
const bytesOf = async (response: Response): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(response)) chunks.push(chunk);
  return Buffer.concat(chunks);
};
const gather = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

describe('jobs', () => {
  test('one is submitted, waited for, and its picture read, a part of it too', async () => {
    const { id } = await client.jobs.create(mug);
    const job = await client.waitForJob(id);
    expect(job).toMatchObject({ id, status: 'completed', error: null });
    const [image] = job.images;
    const whole = await bytesOf(await client.jobs.image(id, 0));
    expect(whole).toHaveLength(image?.bytes ?? -1);
    const part = await client.jobs.image(id, 0, { headers: { range: 'bytes=100-' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 100-${whole.length - 1}/${whole.length}`,
    ]);
    expect(await bytesOf(part)).toEqual(whole.subarray(100));
  });

  test('a list goes over its pages', async () => {
    const made: string[] = [];
    for (let i = 0; i < 3; i++) made.push((await client.jobs.create({ ...mug, custom_id: 'paged' })).id);
    const found = await gather(client.jobs.list({ custom_id: 'paged', limit: 2, order: 'asc' }));
    expect(found.map(({ id }) => id)).toEqual(made);
    expect(way.seen.filter(({ method }) => method === 'GET')).toHaveLength(2);
  });

  test('an answer that is lost is asked for again, under one Idempotency-Key, and bought once', async () => {
    way.lose = 2;
    const { id } = await client.jobs.create({ ...mug, custom_id: 'lost' });
    await client.waitForJob(id);
    const posts = way.seen.filter(({ method }) => method === 'POST');
    expect(posts).toHaveLength(3);
    expect(new Set(posts.map(({ key }) => key)).size).toBe(1);
    expect((await gather(client.jobs.list({ custom_id: 'lost' }))).map((job) => job.id)).toEqual([id]);
  });

  test('events tell each change once, over connections that break, until it has ended', async () => {
    await world.simulator.faults([{ when: { promptIncludes: 'followed' }, fault: { kind: 'hang_before_headers' } }]);
    const { id } = await client.jobs.create({ ...mug, prompt: 'followed' });
    const events: JobEvent[] = [];
    let held = true;
    way.cutAfter = 1;
    for await (const event of client.jobs.events(id)) {
      events.push(event);
      if (event.job.status !== 'in_progress' || !held) continue;
      held = false;
      await world.simulator.faults([]);
      await world.simulator.release();
    }
    const numbers = events.map(({ sequence }) => sequence);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(events.at(-2)?.job.status).toBe('in_progress');
    expect(events.at(-1)).toMatchObject({ type: 'job', job: { id, status: 'completed', images: [{ index: 0 }] } });
    expect(way.seen.filter(({ path }) => path.includes('/events')).length).toBeGreaterThan(1);
    // Who has seen the end is told nothing, and does not wait for more.
    expect(await gather(client.jobs.events(id, { after: numbers.at(-1) }))).toEqual([]);
    expect(await gather(client.jobs.events(id))).toEqual(events.slice(-1));
  });

  test('events of a job that is none are an error, and a wait for them ends by its signal', async () => {
    await expect(gather(client.jobs.events('job_none'))).rejects.toMatchObject({ status: 404, code: 'not_found' });
    const { id } = await client.jobs.create(mug);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(gather(client.jobs.events(id, { signal }))).rejects.toThrow('enough');
    await client.waitForJob(id);
  });

  test('an Idempotency-Key of the caller is kept', async () => {
    const headers = { 'idempotency-key': 'order-7' };
    const [one, two] = [await client.jobs.create(mug, { headers }), await client.jobs.create(mug, { headers })];
    expect(two.id).toBe(one.id);
  });
});

describe('errors', () => {
  test('what is refused has code, parameter and request id, and is not repeated', async () => {
    const refused = client.jobs.create({ ...mug, n: 99 });
    await expect(refused).rejects.toBeInstanceOf(RendermillError);
    await expect(refused).rejects.toMatchObject({
      status: 400,
      code: 'invalid_parameter',
      param: 'n',
      requestId: expect.stringMatching(/^req_/),
      retryAfter: null,
    });
    expect(way.seen).toHaveLength(1);
  });

  test('a conflict that stays one is not repeated', async () => {
    const { id } = await client.jobs.create(mug);
    await client.waitForJob(id);
    way.seen.length = 0;
    await expect(client.jobs.cancel(id)).rejects.toMatchObject({ status: 409, code: 'job_not_cancellable' });
    expect(way.seen).toHaveLength(1);
  });

  test('nobody there is a ConnectionError that names the address', async () => {
    const nobody = new Rendermill({ url: 'http://127.0.0.1:9', apiKey: 'rm_live_none', retries: 0 });
    await expect(nobody.jobs.get('job_1')).rejects.toBeInstanceOf(ConnectionError);
    await expect(nobody.jobs.get('job_1')).rejects.toThrow('http://127.0.0.1:9 does not answer');
  });

  test('a page of something else is told as such', async () => {
    const answer = async () => new Response('<html>Bad gateway</html>', { status: 502 });
    const other = new Rendermill({ url: 'http://gateway', apiKey: 'rm_live_none', retries: 0, fetch: answer });
    await expect(other.jobs.get('job_1')).rejects.toMatchObject({ status: 502, code: null });
  });

  test('a page where JSON is expected is told as such, whatever its status', async () => {
    const answer = async () => new Response('<html>Welcome</html>');
    const other = new Rendermill({ url: 'http://elsewhere', apiKey: 'rm_live_none', retries: 0, fetch: answer });
    await expect(other.jobs.get('job_1')).rejects.toThrow(/no JSON: is it the address of Rendermill/);
    await expect(other.jobs.get('job_1')).rejects.toBeInstanceOf(RendermillError);
  });

  test('Retry-After is waited for, and told where it is long', async () => {
    const answer = async () => new Response('{}', { status: 429, headers: { 'retry-after': '90' } });
    const limited = new Rendermill({ url: 'http://limited', apiKey: 'rm_live_none', fetch: answer });
    await expect(limited.jobs.get('job_1')).rejects.toMatchObject({ status: 429, retryAfter: 90 });
  });

  test('an aborted wait ends with the reason that was given', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(client.waitForJob('job_1', { signal })).rejects.toThrow('enough');
  });
});

describe('batches', () => {
  test('a file is uploaded as a blob and as a stream, and its lines are rendered', async () => {
    const text = jsonl(lines(2, 'mug'));
    const blob = await client.files.upload(new Blob([text]), 'mugs.jsonl');
    const stream = (async function* () {
      for (const char of text) yield Buffer.from(char);
    })();
    const streamed = await client.files.upload(stream, 'a "mug"\n.jsonl');
    expect([streamed.bytes, blob.bytes]).toEqual([text.length, text.length]);
    expect(await bytesOf(await client.files.content(streamed.id))).toEqual(Buffer.from(text));
    const { id } = await client.batches.create({ input_file_id: streamed.id });
    expect(await client.waitForBatch(id)).toMatchObject({ status: 'completed', request_counts: { completed: 2 } });
    expect((await gather(client.batches.results(id))).map(({ line }) => line).toSorted((a, b) => a - b)).toEqual([
      1, 2,
    ]);
    expect((await gather(client.batches.lines(id, { order: 'asc', limit: 1 }))).map(({ line }) => line)).toEqual([
      1, 2,
    ]);
  });

  test('an upload whose answer is lost is one file', async () => {
    const before = (await gather(client.files.list())).length;
    way.lose = 1;
    await client.files.upload(new Blob([jsonl(lines(1, 'once'))]), 'once.jsonl');
    expect(await gather(client.files.list())).toHaveLength(before + 1);
  });

  test('events come once each, over connections that break', async () => {
    const { id } = await client.batches.create({ requests: lines(6, 'told') });
    await client.waitForBatch(id);
    const events: BatchEvent[] = [];
    way.cutAfter = 3;
    for await (const event of client.batches.events(id, { after: 0 })) events.push(event);
    expect(
      events.flatMap((event) => (event.type === 'line' ? [event.line.line] : [])).toSorted((a, b) => a - b),
    ).toEqual([1, 2, 3, 4, 5, 6]);
    expect(events.at(-1)).toMatchObject({ type: 'batch', batch: { id, status: 'completed' } });
    expect(way.seen.filter(({ path }) => path.includes('/events'))).toHaveLength(2);
    // Who has seen the end is told nothing, and does not wait for more.
    expect(await gather(client.batches.events(id, { after: events.at(-1)?.sequence }))).toEqual([]);
  });

  test('waitForBatch tells what happens meanwhile', async () => {
    const { id } = await client.batches.create({ requests: lines(3, 'meanwhile') });
    const told: string[] = [];
    const batch = await client.waitForBatch(id, { onEvent: ({ type }) => told.push(type) });
    expect(batch).toMatchObject({ id, status: 'completed' });
    expect(told.at(-1)).toBe('batch');
  });
});

test('any route of the document can be called with its types', async () => {
  const { data } = await client.get('/v1/providers');
  expect(data.map(({ id }) => id)).toEqual(['sim']);
  const { cost } = await client.post('/v1/estimates', { body: mug });
  expect(cost.max).toBeGreaterThan(0);
});
