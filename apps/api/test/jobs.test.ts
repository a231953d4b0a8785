import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

interface Failure {
  error: { message: string; type: string; param: string | null; code: string };
}
interface List {
  object: 'list';
  data: PresentedJob[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

let world: World;
let idle: World;
beforeAll(async () => {
  [world, idle] = await Promise.all([createWorld(), createWorld({ worker: false })]);
});
afterAll(async () => Promise.all([world.close(), idle.close()]));

const job = { type: 'generation', prompt: 'a white mug', model: 'gpt-image-1', quality: 'low' };

describe('POST /v1/jobs', () => {
  describe('response', () => {
    test('is 202 with the queued job', async () => {
      const { status, headers, body } = await idle.call<PresentedJob>('POST', '/v1/jobs', {
        ...job,
        custom_id: 'SKU 12/34 名',
        metadata: { line: '7' },
      });
      expect(status).toBe(202);
      expect(headers.get('x-rendermill-job')).toBe(body.id);
      expect(headers.get('location')).toBe(`/v1/jobs/${body.id}`);
      expect(headers.get('x-request-id')).toMatch(/^req_/);
      expect(body).toMatchObject({
        object: 'job',
        status: 'queued',
        custom_id: 'SKU 12/34 名',
        metadata: { line: '7' },
        images: [],
        attempts: [],
        error: null,
        started_at: null,
      });
      expect(body.cost).toEqual({ currency: 'USD', estimated: 0.01637, actual: 0, basis: null });
    });

    test('is 200 with the ended job where Prefer: wait was long enough', async () => {
      const { status, headers, body } = await world.call<PresentedJob>('POST', '/v1/jobs', job, { prefer: 'wait=20' });
      expect([status, body.status]).toEqual([200, 'completed']);
      expect(headers.get('preference-applied')).toBe('wait=20');
    });

    test('is 202 with the job as it stands where the wait was too short', async () => {
      const { status, body } = await idle.call<PresentedJob>('POST', '/v1/jobs', job, { prefer: 'wait=1' });
      expect([status, body.status]).toEqual([202, 'queued']);
    });
  });

  describe('state', () => {
    test('the job completes with its attempt, cost and usage', async () => {
      const ended = await world.ended((await world.submit({})).id);
      expect(ended).toMatchObject({ status: 'completed', provider: 'sim', paid_attempts: 1, error: null });
      expect(ended.attempts).toMatchObject([
        { number: 1, provider: 'sim', outcome: 'billed', http_status: 200, error: null },
      ]);
      expect(ended.cost).toMatchObject({ currency: 'USD', basis: 'tokens', actual: ended.attempts[0]?.cost });
      expect(ended.usage?.output_tokens).toBeGreaterThan(0);
    });

    test("the provider's bytes lie untouched in the store, with their facts as metadata and the record beside them", async () => {
      const ended = await world.ended((await world.submit({ prompt: 'bytes untouched' })).id);
      const [image] = ended.images;
      const charged = (await world.simulator.ledger()).find((entry) => entry.prompt === 'bytes untouched');
      const object = await world.storage.get(image?.key ?? '');
      const hash = createHash('sha256');
      for await (const chunk of object?.body ?? []) hash.update(chunk as Buffer);
      expect(charged?.sha256).toEqual([image?.sha256]);
      expect(hash.digest('hex')).toBe(image?.sha256);
      expect(image?.key).toMatch(new RegExp(`^default/jobs/\\d{4}/\\d\\d/\\d\\d/${ended.id}/0\\.png$`));
      expect(object?.facts.metadata).toMatchObject({
        project: 'default',
        job: ended.id,
        line: '0',
        generation: '1',
        attempt: '1',
        provider: 'sim',
        model: 'gpt-image-1',
        sha256: image?.sha256,
        'request-id': charged?.request_id,
        'cost-micros': String(charged?.cost_micros),
      });
      const record = await world.storage.get((image?.key ?? '').replace(/0\.png$/, 'job.json'));
      const chunks: Buffer[] = [];
      for await (const chunk of record?.body ?? []) chunks.push(chunk as Buffer);
      expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({
        id: ended.id,
        project: 'default',
        status: 'completed',
        request: { prompt: 'bytes untouched' },
        images: [{ sha256: image?.sha256 }],
      });
    });

    test('no prompt, bytes or key reach Redis outside the job itself', async () => {
      const ended = await world.ended((await world.submit({ prompt: 'zebra-canary' })).id);
      const keys = await world.redis.keys(`${world.prefix}*`);
      for (const key of keys) {
        const type = await world.redis.type(key);
        const value =
          type === 'hash'
            ? JSON.stringify(await world.redis.hgetall(key))
            : type === 'string'
              ? // A lease may have ended since its key was listed.
                ((await world.redis.get(key)) ?? '')
              : '';
        if (!key.endsWith(ended.id)) expect(value).not.toContain('zebra-canary');
        expect(value).not.toContain('sk-test');
      }
    });
  });

  describe('queue', () => {
    test('one entry per job, of two ids and a run, and none left once it has ended', async () => {
      const submitted = await idle.submit({});
      const entries = await idle.redis.keys(`${idle.prefix}ready-*:${submitted.id}.1.1`);
      expect(entries).toHaveLength(1);
      expect(JSON.parse((await idle.redis.hget(entries[0] ?? '', 'data')) ?? '')).toEqual({
        j: submitted.id,
        g: 1,
        r: 1,
      });
      const ended = await world.ended((await world.submit({})).id);
      await until(async () => (await world.redis.keys(`${world.prefix}ready-*:${ended.id}*`)).length === 0);
    });
  });

  describe('log', () => {
    test('one wide line per attempt and per job, without the prompt', async () => {
      const ended = await world.ended((await world.submit({ prompt: 'quagga-canary' })).id);
      const lines = (): string[] =>
        world.logs.filter((line) => line['job'] === ended.id && line.app === 'worker').map(({ event }) => event);
      await until(async () => lines().length === 2);
      expect(lines()).toEqual(['job.attempted', 'job.finished']);
      expect(JSON.stringify(world.logs)).not.toContain('quagga-canary');
    });
  });

  describe('outgoing calls', () => {
    test('one call with the parameters as they were given, and none besides', async () => {
      await world.ended(
        (
          await world.submit({
            prompt: 'parameters',
            size: '1536x1024',
            output_format: 'webp',
            background: 'transparent',
            compression: 80,
          })
        ).id,
      );
      const calls = (await world.simulator.ledger()).filter((entry) => entry.prompt === 'parameters');
      expect(calls.map(({ path, fields }) => [path, fields])).toEqual([
        [
          '/v1/images/generations',
          {
            model: 'gpt-image-1',
            prompt: 'parameters',
            n: 1,
            size: '1536x1024',
            background: 'transparent',
            output_format: 'webp',
            output_compression: 80,
          },
        ],
      ]);
    });
  });
});

describe('Idempotency-Key', () => {
  test('the same key and body is the same job, bare or in quotes', async () => {
    const first = await idle.call<PresentedJob>('POST', '/v1/jobs', job, { 'idempotency-key': 'order-1' });
    const second = await idle.call<PresentedJob>('POST', '/v1/jobs', job, { 'idempotency-key': '"order-1"' });
    expect([second.status, second.body.id]).toEqual([202, first.body.id]);
  });

  test('the same key with another body is 422', async () => {
    await idle.call('POST', '/v1/jobs', job, { 'idempotency-key': 'order-2' });
    const { status, body } = await idle.call<Failure>(
      'POST',
      '/v1/jobs',
      { ...job, n: 2 },
      { 'idempotency-key': 'order-2' },
    );
    expect([status, body.error.code]).toEqual([422, 'idempotency_key_reused']);
  });

  test('ten at once make one job', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () =>
        idle.call<PresentedJob>('POST', '/v1/jobs', job, { 'idempotency-key': 'order-3' }),
      ),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  test.each([
    ['nothing', ''],
    ['a space in it', 'with space'],
    ['256 characters', 'x'.repeat(256)],
  ])('with %s is 400', async (_what, key) => {
    const { status, body } = await idle.call<Failure>('POST', '/v1/jobs', job, { 'idempotency-key': key });
    expect([status, body.error.code]).toEqual([400, 'invalid_idempotency_key']);
  });
});

describe('GET /v1/jobs/{id}', () => {
  test('is 304 for the ETag it gave, until the job changes', async () => {
    const { id } = await idle.submit({});
    const first = await idle.call('GET', `/v1/jobs/${id}`);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\//);
    expect((await idle.call('GET', `/v1/jobs/${id}`, undefined, { 'if-none-match': etag })).status).toBe(304);
    await idle.call('POST', `/v1/jobs/${id}/cancel`);
    expect((await idle.call('GET', `/v1/jobs/${id}`, undefined, { 'if-none-match': etag })).status).toBe(200);
  });

  test.each([
    ['an unknown id', 'job_0000000000000000000000'],
    ['nonsense', 'nonsense'],
    ['a path', '..%2f..%2fetc'],
    ['5,000 characters', 'x'.repeat(5_000)],
  ])('is 404 for %s', async (_what, id) => {
    const { status, body } = await idle.call<Failure>('GET', `/v1/jobs/${id}`);
    expect([status, body.error.code]).toEqual([404, 'not_found']);
  });
});

describe('GET /v1/jobs', () => {
  let lists: World;
  const ids: string[] = [];
  beforeAll(async () => {
    lists = await createWorld({ worker: false });
    for (let i = 0; i < 7; i++)
      ids.push((await lists.submit({ custom_id: `sku-${i % 3}`, model: i === 6 ? 'gpt-image-2' : 'gpt-image-1' })).id);
    await lists.call('POST', `/v1/jobs/${ids[0]}/cancel`);
  });
  afterAll(async () => lists.close());
  const idsOf = async (query: string): Promise<string[]> =>
    (await lists.call<List>('GET', `/v1/jobs${query}`)).body.data.map(({ id }) => id);

  test('lists the newest first, and pages with after', async () => {
    const first = (await lists.call<List>('GET', '/v1/jobs?limit=4')).body;
    expect(first).toMatchObject({ object: 'list', has_more: true, first_id: ids[6], last_id: ids[3] });
    expect(await idsOf(`?limit=4&after=${first.last_id}`)).toEqual([ids[2], ids[1], ids[0]]);
    expect(await idsOf('?order=asc&limit=2')).toEqual([ids[0], ids[1]]);
    expect(await idsOf(`?order=asc&limit=3&after=${ids[4]}`)).toEqual([ids[5], ids[6]]);
  });

  test('filters by status, custom_id, model and time', async () => {
    expect(await idsOf('?status=cancelled')).toEqual([ids[0]]);
    expect(await idsOf('?custom_id=sku-1')).toEqual([ids[4], ids[1]]);
    expect(await idsOf('?model=gpt-image-2')).toEqual([ids[6]]);
    expect(await idsOf('?created_after=4000000000')).toEqual([]);
    expect(await idsOf('?created_before=4000000000&status=queued&custom_id=sku-0')).toEqual([ids[6], ids[3]]);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=1e2',
    'limit=',
    'status=done',
    'after=%00',
    'order=up',
    'nonsense=1',
    'limit=1&limit=2',
  ])('%p is 400', async (query) => {
    expect((await lists.call('GET', `/v1/jobs?${query}`)).status).toBe(400);
  });
});

describe('POST /v1/jobs/{id}/cancel', () => {
  test('cancels a queued job, which is then never rendered', async () => {
    const { id } = await idle.submit({});
    const { status, body } = await idle.call<PresentedJob>('POST', `/v1/jobs/${id}/cancel`);
    expect([status, body.status, body.error?.code]).toEqual([200, 'cancelled', 'cancelled']);
    const again = await idle.call<Failure>('POST', `/v1/jobs/${id}/cancel`);
    expect([again.status, again.body.error.code, again.headers.get('x-should-retry')]).toEqual([
      409,
      'job_not_cancellable',
      'false',
    ]);
  });

  test('asks a job in flight to end; what it paid for is stored and kept', async () => {
    await world.simulator.faults([
      { when: { promptIncludes: 'slow cancel' }, fault: { kind: 'hang_before_headers' }, times: 1 },
    ]);
    const { id } = await world.submit({ prompt: 'slow cancel' });
    await until(async () => (await world.call<PresentedJob>('GET', `/v1/jobs/${id}`)).body.attempts.length === 1);
    const { status, body } = await world.call<PresentedJob>('POST', `/v1/jobs/${id}/cancel`);
    expect([status, body.status, body.cancel_requested]).toEqual([202, 'in_progress', true]);
    await world.simulator.release();
    const ended = await world.ended(id);
    expect(['completed', 'cancelled']).toContain(ended.status);
    expect(ended.images.length).toBe(ended.status === 'completed' ? 1 : 0);
    expect(ended.attempts).toHaveLength(1);
  });
});

describe('POST /v1/jobs/{id}/retry', () => {
  test('runs a failed job again under its id, as a new generation with its history kept', async () => {
    await world.simulator.faults([
      { when: { promptIncludes: 'refuse once' }, fault: { kind: 'moderation_blocked' }, times: 1 },
    ]);
    const { id } = await world.submit({ prompt: 'refuse once' });
    expect(await world.ended(id)).toMatchObject({
      status: 'failed',
      error: { code: 'moderation_blocked' },
      paid_attempts: 0,
      cost: { actual: 0 },
    });
    const { status, body } = await world.call<PresentedJob>('POST', `/v1/jobs/${id}/retry`);
    expect([status, body.id, body.generation]).toEqual([202, id, 2]);
    const ended = await world.ended(id);
    expect(ended).toMatchObject({ status: 'completed', generation: 2, error: null });
    expect(ended.attempts.map(({ generation, outcome }) => [generation, outcome])).toEqual([
      [1, 'rejected'],
      [2, 'billed'],
    ]);
  });

  test('with an Idempotency-Key says the same again, whatever has become of the job since', async () => {
    await world.simulator.faults([
      { when: { promptIncludes: 'refuse, then not' }, fault: { kind: 'moderation_blocked' }, times: 1 },
    ]);
    const { id } = await world.submit({ prompt: 'refuse, then not' });
    await world.ended(id);
    const retry = async () =>
      world.call<PresentedJob>('POST', `/v1/jobs/${id}/retry`, undefined, { 'idempotency-key': 'retry-1' });
    expect((await retry()).status).toBe(202);
    expect((await world.ended(id)).status).toBe('completed');
    const again = await retry();
    expect([again.status, again.body.status, again.body.generation]).toEqual([202, 'completed', 2]);
  });

  test('runs an expired job again, without the deadline that has passed', async () => {
    const { id } = await world.submit({ prompt: 'late', deadline: Math.floor(Date.now() / 1_000) - 1 });
    expect((await world.ended(id)).status).toBe('expired');
    expect((await world.call('POST', `/v1/jobs/${id}/retry`)).status).toBe(202);
    expect(await world.ended(id)).toMatchObject({ status: 'completed', generation: 2, deadline: null });
  });

  test('keeps a deadline that is still to come', async () => {
    const deadline = Math.floor(Date.now() / 1_000) + 3;
    const { id } = await idle.submit({ prompt: 'in time', deadline });
    await idle.call('POST', `/v1/jobs/${id}/cancel`);
    expect((await idle.call<PresentedJob>('POST', `/v1/jobs/${id}/retry`)).body.deadline).toBe(deadline);
    expect(await idle.redis.zscore(`${idle.prefix}deadlines`, id)).toBe(String(deadline * 1_000));
  });

  test('is 409 for a job that has all its images, or has not ended', async () => {
    const done = await world.ended((await world.submit({})).id);
    const { id } = await idle.submit({});
    for (const answer of [
      await world.call<Failure>('POST', `/v1/jobs/${done.id}/retry`),
      await idle.call<Failure>('POST', `/v1/jobs/${id}/retry`),
    ]) {
      expect([answer.status, answer.body.error.code, answer.headers.get('x-should-retry')]).toEqual([
        409,
        'job_not_retryable',
        'false',
      ]);
    }
  });
});

describe('a deadline', () => {
  test('that has passed ends a queued job as expired, with code deadline_exceeded and nothing paid', async () => {
    const { id } = await world.submit({ prompt: 'too late', deadline: Math.floor(Date.now() / 1_000) - 1 });
    expect(await world.ended(id)).toMatchObject({
      status: 'expired',
      error: { code: 'deadline_exceeded' },
      attempts: [],
    });
  });
});
