import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { parseApiEnv } from '@rendermill/shared/config/env';
import { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import { createLogger } from '@rendermill/shared/observability/log';
import { modelLabel } from '@rendermill/shared/observability/model-label';
import { serveMetrics } from '../../worker/src/metrics-server.js';
import { buildApi, type Api } from '../src/build-api.js';
import { createBatch, endedBatch, lines, upload } from '../../../test/batch-calls.js';
import { parseExposition, sumOf, type Family } from '../../../test/exposition.js';
import { hasPromtool, promtool, whyNoPromtool } from '../../../test/promtool.js';
import { until } from '../../../test/until.js';
import { adminKey, createWorld, type World } from '../../../test/world.js';

let world: World;
let workerUrl: string;
const lifecycle = new Lifecycle();
const silent = createLogger('silent', 'worker');

async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${adminKey}` } });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  return response.text();
}

const scraped = async (url: string) => parseExposition(await scrape(url));

beforeAll(async () => {
  world = await createWorld();
  const { worker } = world;
  if (!worker) throw new Error('a world without a worker');
  const port = await serveMetrics({ host: '127.0.0.1', port: 0 }, worker.deps.metrics, silent, lifecycle);
  workerUrl = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await lifecycle.close(silent);
  await world.close();
});

describe('after real work', () => {
  let api: Map<string, Family>;
  let worker: Map<string, Family>;
  beforeAll(async () => {
    const held = await world.call('POST', '/v1/images/generations', { model: 'gpt-image-1', prompt: 'held' });
    expect(held.status).toBe(200);
    const job = await world.submit({ webhook_url: `${world.receiver.url}/job`, quality: 'low', size: '1024x1024' });
    await world.ended(job.id);
    await world.receiver.waitFor(1);
    const file = await upload(
      world,
      `${lines(3, 'cup')
        .map((one) => JSON.stringify(one))
        .join('\n')}\n`,
      'b.jsonl',
    );
    const batch = await createBatch(world, { input_file_id: file, completion_window: '24h' });
    await endedBatch(world, batch.id);
    // A delivery and a job are counted when their record is written, a moment after the world has seen them.
    await until(async () => {
      worker = await scraped(workerUrl);
      const delivered = sumOf(worker, 'rendermill_webhook_deliveries_total', { result: 'delivered' });
      return delivered === 1 && sumOf(worker, 'rendermill_jobs_finished_total', { status: 'completed' }) === 5;
    });
    api = await scraped(world.url);
  });

  test('the worker tells of attempts and money by provider and model', () => {
    const labels = { app: 'worker', provider: 'sim', model: 'gpt-image-1' };
    expect(sumOf(worker, 'rendermill_attempts_total', { ...labels, outcome: 'billed' })).toBe(5);
    expect(sumOf(worker, 'rendermill_attempt_duration_seconds_count', labels)).toBe(5);
    expect(sumOf(worker, 'rendermill_spend_usd_total', { ...labels, outcome: 'billed' })).toBeGreaterThan(0);
    expect(sumOf(worker, 'rendermill_permit_wait_seconds_count')).toBe(5);
    expect(sumOf(worker, 'rendermill_attempts_in_flight')).toBe(0);
  });

  test('the worker tells of what it stored, delivered and closed, of its spool and its event loop', () => {
    expect(sumOf(worker, 'rendermill_images_stored_total')).toBe(5);
    expect(sumOf(worker, 'rendermill_images_stored_bytes_total')).toBeGreaterThan(5 * 1_000);
    expect(sumOf(worker, 'rendermill_storage_request_duration_seconds_count', { operation: 'put_once' })).toBe(5);
    expect(sumOf(worker, 'rendermill_webhook_delivery_duration_seconds_count')).toBe(1);
    expect(sumOf(worker, 'rendermill_batches_finished_total', { status: 'completed' })).toBe(1);
    expect(sumOf(worker, 'rendermill_job_duration_seconds_count', { status: 'completed' })).toBe(5);
    expect(sumOf(worker, 'rendermill_worker_leads')).toBe(1);
    expect(sumOf(worker, 'rendermill_worker_concurrency')).toBe(50);
    // The journal is there from the beginning.
    expect(sumOf(worker, 'rendermill_spool_bytes')).toBeGreaterThanOrEqual(0);
    expect(sumOf(worker, 'rendermill_spool_free_bytes')).toBeGreaterThan(0);
    expect(sumOf(worker, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });

  test('the API tells of requests, uploads and held calls', () => {
    const route = '/v1/images/generations';
    expect(sumOf(api, 'rendermill_http_request_duration_seconds_count', { route, status: '200' })).toBe(1);
    expect(sumOf(api, 'rendermill_held_calls_ended_total', { how: 'rendered' })).toBe(1);
    expect(sumOf(api, 'rendermill_held_calls')).toBe(0);
    expect(sumOf(api, 'rendermill_uploaded_files_total')).toBe(1);
    expect(sumOf(api, 'rendermill_uploaded_bytes_total')).toBeGreaterThan(100);
    expect(sumOf(api, 'rendermill_uploads_in_progress')).toBe(0);
  });

  test('the API tells of the installation', () => {
    expect(sumOf(api, 'rendermill_workers')).toBe(1);
    for (const queue of ['prepare', 'ready', 'deliveries'])
      expect(sumOf(api, 'rendermill_queue_entries', { queue })).toBe(0);
    expect(sumOf(api, 'rendermill_outbox_deliveries')).toBe(0);
    expect(sumOf(api, 'rendermill_account_parked', { provider: 'sim' })).toBe(0);
    expect(sumOf(api, 'rendermill_account_concurrency_limit', { provider: 'sim' })).toBeGreaterThan(0);
    expect(sumOf(api, 'rendermill_redis_used_memory_bytes')).toBeGreaterThan(100_000);
  });

  test('no label bears an id', () => {
    const values = [...api.values(), ...worker.values()].flatMap(({ samples }) =>
      samples.flatMap(({ labels }) => Object.values(labels)),
    );
    expect(values.filter((value) => /(job|batch|evt|file|wrk|req|api)_[0-9A-Za-z]{8}/.test(value))).toEqual([]);
  });

  (hasPromtool ? test : test.skip)(`Prometheus' own lint has nothing against them${whyNoPromtool}`, async () => {
    expect(promtool(['check', 'metrics'], await scrape(world.url))).toBe('');
    expect(promtool(['check', 'metrics'], await scrape(workerUrl))).toBe('');
  });
});

describe('of several API processes', () => {
  const others = new Lifecycle();
  let second: Api;
  beforeAll(async () => {
    const { env } = world;
    second = await buildApi(parseApiEnv(env), loadConfiguration(env), silent, others);
  });

  test('one tells of the installation, and another once it is gone', async () => {
    expect((await scraped(world.url)).has('rendermill_workers')).toBe(true);
    expect((await scraped(second.url)).has('rendermill_workers')).toBe(false);
    // As if it had died: its lease is gone.
    const teller = (await world.redis.get(`${world.prefix}teller`)) ?? '';
    await until(async () => {
      await world.redis.del(`${world.prefix}api:${teller}`);
      return (await scraped(second.url)).has('rendermill_workers');
    });
    await second.drain();
    await others.close(silent);
    await until(async () => (await scraped(world.url)).has('rendermill_workers'));
  });
});

describe('jobs that wait', () => {
  let still: World;
  beforeAll(async () => {
    still = await createWorld({ worker: false });
  });
  afterAll(async () => still.close());

  test('are told with their number and the age of the oldest, and so are the lines of batches', async () => {
    await still.submit({});
    await still.submit({});
    await createBatch(still, { requests: lines(7, 'bowl'), completion_window: '24h' });
    const told = await scraped(still.url);
    expect(sumOf(told, 'rendermill_queue_entries', { queue: 'ready' })).toBe(2);
    expect(sumOf(told, 'rendermill_jobs', { status: 'queued' })).toBe(2);
    expect(sumOf(told, 'rendermill_oldest_queued_job_age_seconds')).toBeGreaterThan(0);
    expect(sumOf(told, 'rendermill_account_waiting_jobs', { provider: 'sim' })).toBe(2);
    expect(sumOf(told, 'rendermill_batches', { status: 'validating' })).toBe(1);
    expect(sumOf(told, 'rendermill_workers')).toBe(0);
  });
});

describe('a model as a label', () => {
  test('is its name where configuration or our table has it, and one word for whatever else a client may write', () => {
    expect(modelLabel({ models: { mine: 'theirs' } }, 'mine')).toBe('mine');
    expect(modelLabel({ models: 'any' }, 'gpt-image-2')).toBe('gpt-image-2');
    expect(modelLabel({ models: 'any' }, 'x'.repeat(200))).toBe('other');
    expect(modelLabel({ models: 'any' }, 'toString')).toBe('other');
  });
});
