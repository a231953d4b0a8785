import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { FaultProxy } from '@rendermill/shared/testing/fault-proxy';
import { createBatch, endedBatch, line, upload, type Refusal } from '../../../test/batch-calls.js';
import { everythingIn } from '../../../test/everything-in-redis.js';
import { startFileServer, type FileServer } from '../../../test/file-server.js';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { s3Server } from '../../../test/s3.js';
import { until } from '../../../test/until.js';
import { register, type Endpoint } from '../../../test/webhook-calls.js';
import { createWorld, type Answer, type World } from '../../../test/world.js';

/**
 * Everything that is secret has `canary` in it, and everything goes wrong that can: then all that the API and the worker
 * wrote is searched for it, and all that they keep and answer.
 */

const providerKey = 'sk-canary-key-0123456789';
const secret = 'canary-secret-0123456789';
const prompt = (what: string): string =>
  `a canary-prompt of a hundred birds over a lake, with zebra-word below, as [${what}]`;
const s3 = s3Server();
const minutes = 60_000;

let world: World;
let api: AppProcess;
let worker: AppProcess;
let provider: FileServer;
let files: FileServer;
let store: FaultProxy | null = null;
let picture: Buffer;
const refusals: string[] = [];
const endpoints: Endpoint[] = [];

/** What the provider says to each kind of prompt. */
const json = (response: ServerResponse, status: number, value: unknown): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const image = (b64_json: string) => ({ created: 1, data: [{ b64_json, revised_prompt: 'a revised canary-prompt' }] });
const answers: Record<string, (response: ServerResponse, asked: string) => void> = {
  good: (response) => json(response, 200, image(picture.toString('base64'))),
  echo400: (response, asked) =>
    json(response, 400, { error: { message: `${providerKey} asked for: ${asked}`, code: 'invalid_value' } }),
  code400: (response, asked) => json(response, 400, { error: { message: asked, code: asked, type: asked } }),
  fragment: (response) => json(response, 400, { error: { message: 'the word zebra-word is not allowed', code: null } }),
  echo500: (response, asked) => json(response, 500, { error: { message: `${asked} ${providerKey}` } }),
  echo429: (response, asked) => json(response, 429, { error: { message: `slow down: ${asked}`, code: asked } }),
  echo401: (response, asked) =>
    json(response, 401, { error: { message: `bad key ${providerKey} for ${asked}`, code: 'invalid_api_key' } }),
  html502: (response, asked) => void response.writeHead(502).end(`<html>${asked} ${providerKey}</html>`),
  html200: (response, asked) => void response.writeHead(200).end(`<html>${asked}</html>`),
  error200: (response, asked) => json(response, 200, { error: { message: asked } }),
  chat: (response, asked) => json(response, 200, { choices: [{ message: { content: `I cannot draw ${asked}` } }] }),
  spoiled: (response, asked) => json(response, 200, image(Buffer.from(asked).toString('base64'))),
  reset: (response) => void response.destroy(),
  hang: () => undefined,
  blocked: (response) => json(response, 200, { data: [{ url: 'http://10.0.0.1/a.png?sig=canary-sig' }] }),
  late: (response) => json(response, 200, { data: [{ url: `${files.url}/late.png?sig=canary-sig` }] }),
};

async function provide(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = await text(request);
  const what = /canary-prompt[^"\]]*\[(\w+)\]/.exec(asked)?.[1] ?? 'good';
  answers[what]?.(response, prompt(what));
}

beforeAll(async () => {
  picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#40a0c0' } })
    .png()
    .toBuffer();
  provider = await startFileServer();
  provider.answer = (_path, response, request) => void provide(request, response);
  files = await startFileServer();
  let late = 2;
  files.answer = (path, response) => {
    if (path.startsWith('/gone') || (path.startsWith('/late') && late-- > 0)) response.writeHead(404).end();
    else if (path.startsWith('/moved'))
      response.writeHead(302, { location: 'http://10.0.0.1/?sig=canary-sig#canary' }).end();
    else response.writeHead(200).end(picture);
  };
  if (s3) {
    const { hostname, port } = new URL(s3.endpoint);
    store = await FaultProxy.open({ host: hostname, port: Number(port) });
  }
  const account = { preset: 'openai-compatible', base_url: `${provider.url}/v1`, api_key: '${CANARY_PROVIDER_KEY}' };
  world = await createWorld({
    worker: false,
    account,
    others: { broken: { ...account, timeout_ms: 1_000 }, failing: account, limited: account, dead: account },
    config: { webhook_schedule_seconds: [0, 0.05] },
    env: {
      RENDERMILL_SECRET: secret,
      CANARY_PROVIDER_KEY: providerKey,
      WORKER_METRICS_PORT: '0',
      ...(s3 && store ? { ...s3.env, S3_ENDPOINT: `http://127.0.0.1:${store.port}` } : {}),
    },
    ...(s3 ? { storageUrl: s3.storageUrl() } : {}),
  });
  [worker, api] = await Promise.all([startApp('worker', world.env), startApp('api', world.env)]);
}, 2 * minutes);
afterAll(async () => {
  await store?.set({ kind: 'none' });
  await Promise.all([worker?.kill('SIGKILL'), api?.kill('SIGKILL')]);
  await world.close();
  await Promise.all([provider.close(), files.close(), store?.close()]);
});

/** Asks the API's process. */
async function ask<T = Refusal>(method: string, path: string, body?: unknown, headers = {}): Promise<Answer<T>> {
  const response = await fetch(api.url + path, {
    method,
    redirect: 'manual',
    headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const answer = await response.text();
  if (response.status >= 400) refusals.push(answer);
  return {
    status: response.status,
    headers: response.headers,
    body: answer.startsWith('{') ? JSON.parse(answer) : answer,
  };
}

interface Job {
  readonly id: string;
  readonly status: string;
  readonly error: { code: string; message: string } | null;
  readonly images: { url: string }[];
  readonly attempts: unknown[];
}

const submit = async (what: string, more: Record<string, unknown> = {}): Promise<string> => {
  const body = { type: 'generation', model: 'gpt-image-1', prompt: prompt(what), on_unknown_outcome: 'fail', ...more };
  const answer = await ask<Job>('POST', '/v1/jobs', body);
  if (answer.status !== 202) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body.id;
};
const read = async (id: string): Promise<Job> => (await ask<Job>('GET', `/v1/jobs/${id}`)).body;
const ended = async (id: string): Promise<Job> => {
  for (;;) {
    const { body } = await ask<Job>('GET', `/v1/jobs/${id}?wait=20`);
    if (!['queued', 'in_progress'].includes(body.status)) return body;
  }
};
const logs = (): string[] => [...api.log, ...worker.log].join('').split('\n');
const edit = (image_url: string) => ({ type: 'edit', images: [{ image_url }] });

test(
  'keys, secrets, signed links and prompts are in no log, whatever goes wrong; keys and secrets nowhere in Redis',
  async () => {
    world.receiver.answer = ({ path, body }) => (path.startsWith('/echo') ? { status: 500, body } : { status: 200 });
    for (const path of ['/echo?token=canary-token', '/taken?token=canary-token'])
      endpoints.push(await register(world, path, ['job.completed', 'job.failed', 'batch.completed', 'batch.failed']));
    const hook = { webhook_url: `${world.receiver.url}/own?token=canary-token` };

    // What works.
    const dataUrl = `data:image/png;base64,${picture.toString('base64')}`;
    const good = [
      await submit('good', hook),
      await submit('good', edit(`${files.url}/in.png?sig=canary-sig`)),
      await submit('good', edit(dataUrl)),
      await submit('late'),
    ];
    for (const id of good) expect(await ended(id)).toMatchObject({ status: 'completed' });
    const batch = await createBatch(world, {
      requests: [
        line('one', { prompt: prompt('good') }),
        line('two', { prompt: prompt('echo400') }),
        line('three', { prompt: prompt('good'), size: '3x3' }),
        line('four', { prompt: prompt('good'), size: { 'canary-prompt': 1 } }),
      ],
      ...hook,
    });
    await endedBatch(world, batch.id);
    const malformed = await upload(world, `{"custom_id":"x", ${prompt('good')}\n`, 'malformed.jsonl');
    const failed = await createBatch(world, { input_file_id: malformed });
    expect((await endedBatch(world, failed.id)).status).toBe('failed');
    // Links that need no key.
    const link = new URL((await read(good[0] ?? '')).images[0]?.url ?? '');
    const shown = await ask('GET', link.pathname + link.search, undefined, { authorization: '' });
    expect([200, 302]).toContain(shown.status);

    // The provider, in every way.
    const outcomes: Record<string, string | undefined> = {};
    const asked = ['echo400', 'code400', 'fragment', 'html502', 'html200', 'error200', 'chat', 'spoiled', 'blocked'];
    for (const what of asked) outcomes[what] = (await ended(await submit(what, { provider: 'sim' }))).status;
    for (const what of ['reset', 'hang'])
      outcomes[what] = (await ended(await submit(what, { provider: 'broken', ...hook }))).status;
    expect(outcomes).toEqual(Object.fromEntries([...asked, 'reset', 'hang'].map((what) => [what, 'failed'])));
    for (const [what, account] of [
      ['echo500', 'failing'],
      ['echo429', 'limited'],
      ['echo401', 'dead'],
    ] as const) {
      const id = await submit(what, { provider: account });
      await until(async () => (await read(id)).attempts.length > 0);
      await ask('POST', `/v1/jobs/${id}/cancel`);
    }

    // Input URLs.
    for (const [path, code] of [
      ['/gone.png?sig=canary-sig', 'image_url_unreachable'],
      ['/moved.png?sig=canary-sig', 'image_url_blocked'],
    ] as const)
      expect((await ended(await submit('good', edit(files.url + path)))).error?.code).toBe(code);

    // The store.
    if (store) {
      await store.set({ kind: 'refuse' });
      const id = await submit('good', { provider: 'sim' });
      await until(() => logs().some((written) => written.includes('storage.waiting')));
      await ask('POST', '/v1/jobs', { ...edit(dataUrl), type: 'edit', model: 'gpt-image-1', prompt: prompt('good') });
      await store.set({ kind: 'none' });
      expect((await ended(id)).status).toBe('completed');
    }

    // The API.
    const bad = { type: 'generation', model: 'gpt-image-1', prompt: prompt('good') };
    const userinfo = 'https://user:canary-password@example.com/a.png?sig=canary-sig';
    const statuses = [
      await ask('POST', '/v1/jobs', `{"type":"generation", "prompt": ${prompt('good')}`),
      await ask('POST', '/v1/jobs', `{"api_key":"canary-key" "prompt":"${prompt('good')}"}`),
      await ask('POST', '/v1/jobs', `{"prompt":"${prompt('good')}`),
      await ask('POST', '/v1/jobs', { ...bad, size: { 'canary-prompt': true } }),
      await ask('POST', '/v1/jobs', { ...bad, quality: 'canary-quality' }),
      await ask('POST', '/v1/jobs', { ...bad, webhook_url: userinfo }),
      await ask('POST', '/v1/jobs', { ...bad, ...edit(userinfo) }),
      await ask('POST', '/v1/jobs', { ...bad, ...edit('http://10.0.0.1/a.png?sig=canary-sig') }),
      await ask('POST', '/v1/webhook_endpoints', { name: 'x', url: userinfo, event_types: ['job.failed'] }),
      await ask('POST', `/v1/webhook_endpoints/${endpoints[0]?.id}/test`, { event_type: 'job.failed' }),
      await ask(
        'POST',
        '/v1/images/edits',
        `--x\r\ncontent-disposition: form-data; name="prompt"\r\n\r\n${prompt('good')}`,
        {
          'content-type': 'multipart/form-data; boundary=x',
        },
      ),
      await ask('POST', '/v1/images/generations', { ...bad, type: undefined, prompt: prompt('echo400') }),
      await ask('GET', '/v1/nowhere?api_key=canary-query'),
      await ask('GET', '/v1/jobs/%E0%A4%A?api_key=canary-query'),
      await ask('GET', '/v1/jobs', undefined, { authorization: 'Bearer rm_live_canary-key-0123456789abcdef' }),
      await ask('GET', `/v1/jobs?api_key=${world.key}`, undefined, { authorization: '' }),
    ].map(({ status }) => status);
    expect(statuses.every((status) => status >= 400 && status < 500)).toBe(true);

    // A secret is rotated, deliveries are tried again, and end.
    const rotated = await ask<Endpoint>('POST', `/v1/webhook_endpoints/${endpoints[0]?.id}/rotate_secret`, {});
    endpoints.push(rotated.body);
    const project = await ask<{ signing_secret: string }>('GET', '/v1/webhook_secret');
    await until(() => logs().some((written) => written.includes('delivery.attempted') && written.includes('"failed"')));

    // Both end by themselves, so that all they had to say is said.
    const port = /"metrics_port":(\d+)/.exec(worker.log.join(''))?.[1];
    const metrics = [
      (await ask<string>('GET', '/metrics')).body,
      await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    ];
    const jobs = await ask<{ data: Job[] }>('GET', '/v1/jobs?limit=100');
    const providers = await ask('GET', '/v1/providers');
    const kept = await everythingIn(world.redis, world.prefix);
    const closed = [api, worker].map(async ({ child }) => once(child, 'close'));
    await Promise.all([api.kill('SIGTERM'), worker.kill('SIGTERM')]);
    await Promise.all(closed);

    const signing = [...endpoints.map(({ signing_secret }) => signing_secret), project.body.signing_secret];
    const keys = [
      providerKey,
      secret,
      world.key,
      'canary-password',
      'canary-key',
      ...(s3 ? [s3.env['AWS_SECRET_ACCESS_KEY'] ?? '?'] : []),
    ];
    const inClear = signing.map((one) => one.slice('whsec_'.length));
    const linked = [link.searchParams.get('signature') ?? 'no signature', 'X-Amz-Signature', dataUrl.slice(100, 160)];
    const found = (lines: readonly string[], what: readonly string[]): string[] =>
      lines.filter((written) => what.some((one) => written.includes(one)));

    expect(logs().filter((written) => written.includes('job.attempted')).length).toBeGreaterThan(15);
    expect(logs().filter((written) => written.includes('request.answered')).length).toBeGreaterThan(30);
    expect(found(logs(), ['canary', 'zebra-word', ...keys, ...inClear, ...linked])).toEqual([]);
    expect(kept.some((written) => written.includes('canary-prompt'))).toBe(true);
    expect(found(kept, [...keys, ...inClear])).toEqual([]);
    expect(refusals.length).toBeGreaterThanOrEqual(statuses.length);
    expect(found(refusals, ['canary', ...keys, ...inClear])).toEqual([]);
    expect(found(metrics, ['canary', 'zebra', ...keys, ...inClear])).toEqual([]);
    const errors = jobs.body.data.map(({ error, attempts }) => JSON.stringify([error, attempts]));
    expect(errors.some((one) => one.includes('asked for'))).toBe(true);
    expect(found([...errors, JSON.stringify(providers.body)], ['canary', ...keys])).toEqual([]);
    const told = world.receiver.received.map(({ body }) => body);
    expect(told.some((body) => body.includes('invalid_request'))).toBe(true);
    expect(found(told, ['canary', ...keys, ...inClear])).toEqual([]);
  },
  5 * minutes,
);
