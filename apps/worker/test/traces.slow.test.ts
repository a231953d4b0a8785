import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { startCollector, type CollectedSpan, type Collector } from '../../../test/traces.js';
import { createWorld, type World } from '../../../test/world.js';

/** API and worker as processes, with a collector beside them: the world's own API makes no traces. */
let world: World;
let collector: Collector;
let api: AppProcess;
let worker: AppProcess;
const traceId = '0af7651916cd43dd8448eb211c80319c';
const clientSpan = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${clientSpan}-01`;

async function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  const response = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as T;
  expect([response.ok, response.ok ? null : answer]).toEqual([true, null]);
  return answer;
}

let job: PresentedJob;
beforeAll(async () => {
  world = await createWorld({ worker: false });
  collector = await startCollector();
  const env = { ...world.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_RESOURCE_ATTRIBUTES: 'deployment=test' };
  api = await startApp('api', env);
  worker = await startApp('worker', env);
  const order = { type: 'generation', prompt: 'a red mug', model: 'gpt-image-1' };
  job = await post('/v1/jobs', { ...order, webhook_url: `${world.receiver.url}/job` }, { traceparent });
  await world.receiver.waitFor(1, ({ path }) => path === '/job');
  const line = { method: 'POST', url: '/v1/images/generations' };
  await post('/v1/batches', {
    completion_window: '24h',
    webhook_url: `${world.receiver.url}/batch`,
    requests: [1, 2].map((n) => ({ ...line, custom_id: `cup ${n}`, body: { model: 'gpt-image-1', prompt: 'cup' } })),
  });
  await world.receiver.waitFor(1, ({ event }) => event.type === 'batch.completed');
  // What is not sent yet is sent before a process ends.
  expect([await worker.kill('SIGTERM'), await api.kill('SIGTERM')]).toEqual([0, 0]);
});
afterAll(async () => {
  await Promise.all([api, worker].map(async (app) => app.kill('SIGKILL')));
  await collector.close();
  await world.close();
});

function one(fits: (span: CollectedSpan) => boolean, what: string): CollectedSpan {
  const [found, ...more] = collector.spans.filter(fits);
  if (!found || more.length > 0) throw new Error(`${what}: ${found ? more.length + 1 : 0} spans`);
  return found;
}

const ofClient = (name: string): CollectedSpan =>
  one((span) => span.traceId === traceId && span.name === name, `${name} of the client's trace`);

describe('a job whose request bears a traceparent', () => {
  test('is one trace from the request through the queue to the attempt, the store and the webhook', () => {
    const server = ofClient('POST /v1/jobs');
    expect([server.parentSpanId, server.kind, server.service]).toEqual([clientSpan, 2, 'rendermill-api']);
    const send = ofClient('job send');
    expect([send.parentSpanId, send.kind]).toEqual([server.spanId, 4]);
    const work = ofClient('job process');
    expect([work.parentSpanId, work.kind, work.service]).toEqual([send.spanId, 5, 'rendermill-worker']);
    const attempt = ofClient('attempt gpt-image-1');
    expect([attempt.parentSpanId, attempt.kind]).toEqual([work.spanId, 3]);
    expect(ofClient('storage put_once').parentSpanId).toBe(work.spanId);
    const delivery = ofClient('webhook job.completed');
    expect([delivery.parentSpanId, delivery.kind]).toEqual([send.spanId, 3]);
  });

  test('has BullMQ’s own span of the entry that the request added, and its span of a delivery follows that of the entry', () => {
    const added = one(({ name, traceId: id }) => name.startsWith('addBulk ready-') && id === traceId, 'addBulk');
    expect(added.parentSpanId).toBe(ofClient('job send').spanId);
    const taken = collector.spans.filter(({ name }) => name === 'process deliveries');
    const entries = collector.spans.filter(({ name }) => name === 'addBulk deliveries');
    expect(taken.length).toBeGreaterThan(0);
    expect(entries.map(({ spanId }) => spanId)).toEqual(
      expect.arrayContaining(taken.map(({ parentSpanId }) => parentSpanId)),
    );
  });

  test('has on its spans what they came to', () => {
    expect(ofClient('POST /v1/jobs').attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/jobs',
      'http.response.status_code': 202,
    });
    expect(ofClient('job process').attributes).toMatchObject({
      'messaging.system': 'bullmq',
      'rendermill.job.id': job.id,
      'rendermill.outcome': 'finish',
    });
    expect(ofClient('attempt gpt-image-1').attributes).toMatchObject({
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-image-1',
      'rendermill.provider': 'sim',
      'rendermill.outcome': 'billed',
      'http.response.status_code': 200,
    });
    expect(ofClient('webhook job.completed').attributes).toMatchObject({
      'http.response.status_code': 200,
      'rendermill.outcome': 'delivered',
    });
  });

  test('tells its receiver of the trace, and its log lines bear the id', () => {
    const told = world.receiver.received.find(({ path }) => path === '/job')?.headers['traceparent'];
    expect(told).toBe(`00-${traceId}-${ofClient('webhook job.completed').spanId}-01`);
    const lines = [...api.log, ...worker.log]
      .join('')
      .split('\n')
      .filter((text) => text.includes(traceId));
    const events = new Set(lines.map((text) => (JSON.parse(text) as { event: string }).event));
    expect([...events].sort()).toEqual(['delivery.attempted', 'job.attempted', 'job.finished', 'request.answered']);
  });

  test('tells providers nothing of it', async () => {
    const names = (await world.simulator.ledger()).map(({ headers }) => Object.keys(headers));
    expect(names.length).toBe(3);
    expect(names.filter((some) => some.includes('traceparent'))).toEqual([]);
  });
});

describe('the lines of a batch', () => {
  test('have traces of their own, linked to that of the batch', () => {
    const batch = one(({ name }) => name === 'POST /v1/batches', 'POST /v1/batches');
    const works = collector.spans.filter(({ name, traceId: id }) => name === 'job process' && id !== traceId);
    expect(works.length).toBe(2);
    for (const work of works) {
      expect(work.parentSpanId ?? '').toBe('');
      expect(work.links).toEqual([expect.objectContaining({ traceId: batch.traceId, spanId: batch.spanId })]);
    }
    expect(new Set(works.map(({ traceId: id }) => id)).size).toBe(2);
    const told = collector.spans.filter(({ name }) => name === 'webhook batch.completed');
    expect(told.map(({ traceId: id }) => id)).toEqual([batch.traceId]);
  });
});

describe('without an endpoint', () => {
  test('the SDK is not even loaded', async () => {
    const { OTEL_EXPORTER_OTLP_ENDPOINT: _, ...env } = world.env;
    const quiet = await startApp('worker', { ...env, NODE_DEBUG: 'module,esm' });
    await quiet.kill('SIGTERM');
    const loaded = quiet.log.join('');
    expect(loaded).toContain('@opentelemetry/api');
    expect(loaded).not.toContain('@opentelemetry/sdk-trace-base');
  });
});
