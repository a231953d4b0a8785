import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { scopes } from '@rendermill/shared/domain/api-keys';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { scopesFor, type Access } from '../src/http/route.js';
import { routes } from '../src/http/routes.js';
import { endedBatch, jsonl, line, upload, type BatchAnswer } from '../../../test/batch-calls.js';
import { picture } from '../../../test/clients/support.js';
import { callWith, makeKey, tenantScopes, type MadeKey } from '../../../test/keys.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/**
 * Made from the routes themselves: each with an id in its path is asked for another project's thing, each route is asked
 * with every scope. A route that is added without a row in `things` fails here.
 */

let world: World;
let owner: MadeKey;
let stranger: MadeKey;
let square: Uint8Array<ArrayBuffer>;
/** What the owner has, by kind. */
const owned: Record<string, string> = {};
/** Of the same form, and nobody's. */
const nobodys: Record<string, string> = {
  job: `job_${'0'.repeat(22)}`,
  line: `job_${'0'.repeat(22)}-1`,
  batch: `batch_${'0'.repeat(22)}`,
  file: `file-${'0'.repeat(22)}`,
  endpoint: `whe_${'0'.repeat(22)}`,
  key: `key_${'0'.repeat(22)}`,
  delivery: `evt_${'0'.repeat(27)}-whe_${'0'.repeat(22)}`,
};

type Kind = 'job' | 'batch' | 'file' | 'endpoint' | 'key';
/** What the id of a route's path is of, and a body that would do. Null: what it names belongs to no project, and why. */
const things: Record<string, { readonly kind: Kind; readonly body?: object } | null> = {
  // Models and provider accounts are the installation's.
  getModel: null,
  getProvider: null,
  probeProvider: null,
  getJob: { kind: 'job' },
  cancelJob: { kind: 'job' },
  retryJob: { kind: 'job' },
  getJobImage: { kind: 'job' },
  getJobImageVariant: { kind: 'job' },
  getJobInput: { kind: 'job' },
  streamJobEvents: { kind: 'job' },
  listJobDeliveries: { kind: 'job' },
  getBatch: { kind: 'batch' },
  cancelBatch: { kind: 'batch' },
  pauseBatch: { kind: 'batch' },
  resumeBatch: { kind: 'batch' },
  retryBatch: { kind: 'batch' },
  listBatchJobs: { kind: 'batch' },
  listBatchFailures: { kind: 'batch' },
  getBatchResults: { kind: 'batch' },
  createBatchResultsLink: { kind: 'batch' },
  streamBatchEvents: { kind: 'batch' },
  getFile: { kind: 'file' },
  getFileContent: { kind: 'file' },
  deleteFile: { kind: 'file' },
  getWebhookEndpoint: { kind: 'endpoint' },
  updateWebhookEndpoint: { kind: 'endpoint', body: { name: 'mine now' } },
  deleteWebhookEndpoint: { kind: 'endpoint' },
  testWebhookEndpoint: { kind: 'endpoint', body: { event_type: 'job.completed' } },
  rotateWebhookSecret: { kind: 'endpoint', body: {} },
  listWebhookDeliveries: { kind: 'endpoint' },
  recoverWebhookDeliveries: { kind: 'endpoint', body: { since: 1 } },
  getWebhookDelivery: { kind: 'endpoint' },
  resendWebhookDelivery: { kind: 'endpoint' },
  getApiKey: { kind: 'key' },
  rotateApiKey: { kind: 'key', body: {} },
  deleteApiKey: { kind: 'key' },
};

const withId = routes.filter(({ path }) => path.includes('{'));
const pathOf = (path: string, id: string): string =>
  path
    .replace('{id}', id)
    .replace('{index}', '0')
    .replace('{variant}', 'thumbnail')
    .replace('{name}', '0')
    .replace('{delivery_id}', owned['delivery'] ?? '');

beforeAll(async () => {
  world = await createWorld();
  square = new Uint8Array(await picture(64));
  owner = await makeKey(world, { project: 'owner' });
  stranger = await makeKey(world, { project: 'stranger' });
  const own = { ...world, call: owner.call };
  const endpoint = { name: 'owned', url: world.receiver.url, event_types: ['job.completed'] };
  owned['endpoint'] = (await owner.call<{ id: string }>('POST', '/v1/webhook_endpoints', endpoint)).body.id;
  const form = new FormData();
  form.append('purpose', 'vision');
  form.append('file', new Blob([square]), 'owned.png');
  const images = [{ file_id: (await owner.call<{ id: string }>('POST', '/v1/files', form)).body.id }];
  const job = await owner.call<PresentedJob>('POST', '/v1/jobs', { type: 'edit', prompt: 'owned', images });
  owned['job'] = job.body.id;
  await owner.call('GET', `/v1/jobs/${job.body.id}?wait=60`);
  owned['file'] = await upload(own, jsonl([line('a', { prompt: 'owned', images }, '/v1/images/edits')]), 'owned.jsonl');
  const batch = await owner.call<BatchAnswer>('POST', '/v1/batches', { input_file_id: owned['file'] });
  owned['batch'] = batch.body.id;
  owned['picture'] = await upload(own, square, 'picture.png', 'vision');
  owned['output'] = String((await endedBatch(own, batch.body.id)).output_file_id);
  const jobs = await owner.call<{ data: { id: string }[] }>('GET', `/v1/batches/${batch.body.id}/jobs`);
  owned['line'] = jobs.body.data[0]?.id ?? '';
  const log = `/v1/webhook_endpoints/${owned['endpoint']}/deliveries`;
  const deliveries = async () => (await owner.call<{ data: { id: string }[] }>('GET', log)).body.data;
  await until(async () => (await deliveries()).length > 0);
  owned['delivery'] = (await deliveries())[0]?.id ?? '';
  const told = { type: 'generation', prompt: 'told', webhook_url: `${world.receiver.url}/told` };
  await owner.call('POST', '/v1/jobs', told);
  const urls = '/v1/webhook_endpoints/url/deliveries';
  await until(async () => (await owner.call<{ data: object[] }>('GET', urls)).body.data.length > 0);
  owned['told'] = (await owner.call<{ data: { id: string }[] }>('GET', urls)).body.data[0]?.id ?? '';
  owned['key'] = owner.id;
});
afterAll(async () => world.close());

describe('a stranger of another project', () => {
  test('is provided for by this file at every route with an id', () => {
    expect(withId.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(things).sort());
  });

  const rows = withId.flatMap(({ method, path, operationId }) => {
    const thing = things[operationId];
    if (!thing) return [];
    const kinds = thing.kind === 'job' ? ['job', 'line'] : thing.kind === 'file' ? ['file', 'output'] : [thing.kind];
    return kinds.map((kind) => ({ method: method.toUpperCase(), path, kind, body: thing.body }));
  });

  /** All of an answer that its asker sees, but for what is of the request. */
  async function answerFor(key: string, method: string, path: string, body?: object) {
    const response = await fetch(world.url + path, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-request-id': 'same' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const skip = new Set(['date', 'ratelimit', 'connection', 'keep-alive']);
    const headers = [...response.headers].filter(([name]) => !skip.has(name));
    return { status: response.status, headers, text: await response.text() };
  }

  test.each(rows)(
    '$method $path ($kind) answers as for an id that nobody has',
    async ({ method, path, kind, body }) => {
      const unknown = nobodys[kind === 'output' ? 'file' : kind] ?? '';
      const theirs = await answerFor(stranger.key, method, pathOf(path, owned[kind] ?? ''), body);
      expect(theirs.status).toBe(404);
      expect(theirs).toEqual(await answerFor(stranger.key, method, pathOf(path, unknown), body));
      // Nor is it another answer with things that only the owner could know of.
      expect(theirs.text).not.toContain(owned[kind]);
    },
  );

  test.each(rows.filter(({ method, kind }) => method === 'GET' && kind !== 'key'))(
    'and the owner is answered by GET $path ($kind)',
    async ({ method, path, kind }) => {
      const { status } = await answerFor(owner.key, method, pathOf(path, owned[kind] ?? ''));
      expect([200, 302]).toContain(status);
    },
  );

  const lists = routes.filter(
    ({ method, path, access }) => method === 'get' && !path.includes('{') && access !== 'open',
  );

  test.each(lists.filter(({ access }) => access !== 'operator'))(
    'finds nothing of it in GET $path',
    async ({ path }) => {
      const { text, status } = await answerFor(stranger.key, 'GET', path);
      expect(status).toBe(200);
      for (const id of Object.values(owned)) expect(text).not.toContain(id);
    },
  );

  const image = () => `data:image/png;base64,${Buffer.from(square).toString('base64')}`;
  const edit = { prompt: 'x', model: 'gpt-image-1' };
  /** But for the length: an id may be longer than another. */
  const bare = (headers: [string, string][]) => headers.filter(([name]) => name !== 'content-length');
  /** Bodies that name a file. */
  const naming: [string, (file_id: string) => object][] = [
    ['/v1/batches', (id) => ({ input_file_id: id })],
    ['/v1/batches/preview', (id) => ({ input_file_id: id })],
    ['/v1/estimates', (id) => ({ input_file_id: id })],
    ['/v1/images/edits', (id) => ({ ...edit, images: [{ file_id: id }] })],
    ['/v1/images/edits', (id) => ({ ...edit, images: [{ image_url: image() }], mask: { file_id: id } })],
    ['/v1/images/variations', (id) => ({ model: edit.model, image: { file_id: id } })],
    ['/v1/jobs', (id) => ({ ...edit, type: 'edit', images: [{ file_id: id }] })],
    ['/v1/jobs', (id) => ({ ...edit, type: 'edit', image: { image_url: image() }, mask: { file_id: id } })],
  ];

  test.each(naming)(
    'cannot use its files in POST %s: the answer is that for a file that nobody has',
    async (path, bodyOf) => {
      for (const kind of ['file', 'output', 'picture']) {
        const [theirs, unknown] = [owned[kind] ?? '', nobodys['file'] ?? ''];
        const answer = await answerFor(stranger.key, 'POST', path, bodyOf(theirs));
        const { error } = JSON.parse(answer.text) as { error: { code: string } };
        expect([answer.status, error.code]).toEqual([400, expect.stringMatching(/file_not_found$/)]);
        const none = await answerFor(stranger.key, 'POST', path, bodyOf(unknown));
        expect({ ...none, headers: bare(none.headers), text: none.text.replaceAll(unknown, theirs) }).toEqual({
          ...answer,
          headers: bare(answer.headers),
        });
      }
    },
  );

  test('cannot use its files in a line of a batch', async () => {
    const requests = [
      line('theirs', { prompt: 'x', images: [{ file_id: owned['picture'] }] }, '/v1/images/edits'),
      line('nobody’s', { prompt: 'x', images: [{ file_id: nobodys['file'] }] }, '/v1/images/edits'),
    ];
    const { body } = await stranger.call<BatchAnswer>('POST', '/v1/batches', { requests });
    await endedBatch({ ...world, call: stranger.call }, body.id);
    const { body: list } = await stranger.call<{
      data: { status: string; error: { code: string; message: string } }[];
    }>('GET', `/v1/batches/${body.id}/jobs`);
    const [theirs, none] = list.data;
    expect([theirs?.status, theirs?.error.code]).toEqual(['failed', 'image_file_not_found']);
    expect(none?.error.message.replaceAll(nobodys['file'] ?? '', owned['picture'] ?? '')).toBe(theirs?.error.message);
  });

  test('cannot list, continue a list or count by what the owner has', async () => {
    const answers = (path: (id: string) => string, kind: string) =>
      Promise.all(
        [owned[kind] ?? '', nobodys[kind] ?? ''].map(async (id) => {
          const { status, text } = await answerFor(stranger.key, 'GET', path(id));
          return { status, text: text.replaceAll(id, 'ID') };
        }),
      );
    const asked: [(id: string) => string, string][] = [
      [(id) => `/v1/jobs?batch_id=${id}`, 'batch'],
      [(id) => `/v1/jobs?after=${id}`, 'job'],
      [(id) => `/v1/batches?after=${id}`, 'batch'],
      [(id) => `/v1/files?after=${id}`, 'file'],
      [(id) => `/v1/webhook_endpoints?after=${id}`, 'endpoint'],
      [(id) => `/v1/api_keys?after=${id}`, 'key'],
      [(id) => `/v1/webhook_endpoints/url/deliveries?after=${id}`, 'delivery'],
    ];
    for (const [path, kind] of asked) {
      const [theirs, none] = await answers(path, kind);
      expect([path('ID'), theirs]).toEqual([path('ID'), none]);
    }
    const usage = await stranger.call<{ data: { requests?: number }[] }>('GET', '/v1/usage?group_by=batch');
    expect(JSON.stringify(usage.body)).not.toContain(owned['batch']);
  });

  test('cannot read the owner’s delivery by way of an endpoint of its own', async () => {
    const endpoint = { name: 'mine', url: `${world.receiver.url}/mine`, event_types: ['job.completed'] };
    const { id } = (await stranger.call<{ id: string }>('POST', '/v1/webhook_endpoints', endpoint)).body;
    for (const own of [id, 'url']) {
      for (const delivery of [owned['delivery'], owned['told']]) {
        const path = `/v1/webhook_endpoints/${own}/deliveries/${delivery}`;
        expect((await stranger.call('GET', path)).status).toBe(404);
        expect((await stranger.call('POST', `${path}/resend`)).status).toBe(404);
      }
    }
  });

  test('makes a thing of its own by the owner’s Idempotency-Key and custom_id', async () => {
    const body = { type: 'generation', prompt: 'twice', custom_id: 'sku-1' };
    const once = { 'idempotency-key': 'the-same' };
    const first = await owner.call<PresentedJob>('POST', '/v1/jobs', body, once);
    const second = await stranger.call<PresentedJob>('POST', '/v1/jobs', body, once);
    expect(second.status).toBe(202);
    expect(second.body.id).not.toBe(first.body.id);
    const found = await stranger.call<{ data: { id: string }[] }>('GET', '/v1/jobs?custom_id=sku-1');
    expect(found.body.data.map(({ id }) => id)).toEqual([second.body.id]);
  });

  test('gets no event of the owner, neither told nor listed, and the owner none of its', async () => {
    const register = async ({ call, project }: MadeKey) =>
      call('POST', '/v1/webhook_endpoints', {
        name: 'ears',
        url: `${world.receiver.url}/${project}-ears`,
        event_types: ['job.completed', 'batch.completed'],
      });
    await Promise.all([owner, stranger].map(register));
    const ids: Record<string, string> = {};
    for (const { call, project } of [owner, stranger, owner]) {
      const job = await call<PresentedJob>('POST', '/v1/jobs', { type: 'generation', prompt: `heard by ${project}` });
      await call('GET', `/v1/jobs/${job.body.id}?wait=60`);
      ids[project] = job.body.id;
    }
    const heard = (project: string) =>
      world.receiver.received.filter(({ path }) => path === `/${project}-ears`).map(({ body }) => body);
    const toldOf = (project: string) => heard(project).some((body) => body.includes(ids[project] ?? 'none'));
    // The owner's second job came after the stranger's: with it everything before has been told.
    await until(async () => toldOf('owner') && toldOf('stranger'));
    const projects = (of: string) =>
      new Set(heard(of).map((body) => (JSON.parse(body) as { data: PresentedJob }).data.images[0]?.key.split('/')[0]));
    expect([projects('owner'), projects('stranger')]).toEqual([new Set(['owner']), new Set(['stranger'])]);
    const events = (await stranger.call<{ data: object[] }>('GET', '/v1/events')).body.data;
    expect(events.length).toBeGreaterThan(0);
    for (const id of Object.values(owned)) expect(JSON.stringify(events)).not.toContain(id);
  });

  test('signs with another secret', async () => {
    const secretOf = async ({ call }: MadeKey) =>
      (await call<{ signing_secret: string }>('GET', '/v1/webhook_secret')).body.signing_secret;
    const secrets = await Promise.all([owner, stranger].map(secretOf));
    expect(new Set([...secrets, await secretOf({ ...owner, call: world.call })]).size).toBe(3);
  });
});

describe('links to pictures', () => {
  test.each(['job', 'line'])(
    'of a %s of another project work without a key, and for that project alone',
    async (kind) => {
      const { body } = await owner.call<PresentedJob>('GET', `/v1/jobs/${owned[kind]}`);
      const link = new URL(body.images[0]?.url ?? '');
      const shown = await fetch(link);
      expect([shown.status, (await shown.arrayBuffer()).byteLength]).toEqual([200, body.images[0]?.bytes]);
      const input = body.request.images?.[0] as { readonly stored_url?: string } | undefined;
      const links = [link, new URL(body.images[0]?.variants[0]?.url ?? ''), new URL(input?.stored_url ?? '')];
      for (const one of links) {
        const answer = await fetch(one);
        expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^image\//)]);
        await answer.arrayBuffer();
        for (const project of ['stranger', 'default', null]) {
          const moved = new URL(one);
          if (project === null) moved.searchParams.delete('project');
          else moved.searchParams.set('project', project);
          expect((await fetch(moved)).status).toBe(401);
        }
      }
      // A signature is leave for its one path: not for what is made of the picture, nor for what went in.
      const others = ['/thumbnail', '/../../inputs/0'].map((path) => link.href.replace(/\?/, `${path}?`));
      for (const other of others) expect((await fetch(other)).status).toBe(401);
    },
  );

  test('in an output file work too', async () => {
    const { body } = await owner.call<string>('GET', `/v1/files/${owned['output']}/content`);
    const row = (typeof body === 'string' ? JSON.parse(body) : body) as {
      response: { body: { data: { url: string }[] } };
    };
    const shown = await fetch(row.response.body.data[0]?.url ?? '');
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/png']);
    await shown.arrayBuffer();
  });
});

/** Written out, so that no route takes less than it did unnoticed. Of scopes with an "or" between, one is enough. */
const takes: Record<string, string[]> = {
  'jobs:write': ['createImage', 'createImageEdit', 'createImageVariation', 'createJob', 'cancelJob', 'retryJob'],
  'jobs:read': [
    'listJobs',
    'getJob',
    'createEstimate',
    'getJobImage',
    'getJobImageVariant',
    'getJobInput',
    'streamJobEvents',
  ],
  // Whoever may only look at jobs sees whole batches, and changes none.
  'jobs:read or batches': [
    'listBatches',
    'getBatch',
    'listBatchJobs',
    'createBatchResultsLink',
    'streamBatchEvents',
    'getBatchResults',
    'listBatchFailures',
  ],
  batches: ['previewBatch', 'createBatch', 'cancelBatch', 'pauseBatch', 'resumeBatch', 'retryBatch'],
  'jobs:read or files': ['listFiles', 'getFile', 'getFileContent'],
  files: ['createFile', 'deleteFile'],
  webhooks: [
    'createWebhookEndpoint',
    'listWebhookEndpoints',
    'getWebhookEndpoint',
    'updateWebhookEndpoint',
    'deleteWebhookEndpoint',
    'testWebhookEndpoint',
    'rotateWebhookSecret',
    'listWebhookDeliveries',
    'recoverWebhookDeliveries',
    'getWebhookDelivery',
    'resendWebhookDelivery',
    'listEvents',
    'listJobDeliveries',
  ],
  usage: ['getUsage'],
  admin: ['getWebhookSecret', 'createApiKey', 'listApiKeys', 'getApiKey', 'rotateApiKey', 'deleteApiKey'],
  operator: ['listProviders', 'getProvider', 'probeProvider', 'getMetrics'],
  any: ['listModels', 'getModel', 'listWebhookEventTypes', 'getCurrentApiKey'],
  open: ['getHealth', 'getReadiness'],
};

const nameOf = (access: Access): string => scopesFor(access).join(' or ') || String(access);

describe('a key with one scope', () => {
  test.each(Object.entries(takes))('%s is what these routes take, and no other', (enough, operations) => {
    const taking = routes.filter(({ access }) => nameOf(access) === enough).map(({ operationId }) => operationId);
    expect(taking.sort()).toEqual([...operations].sort());
  });

  test('and no route takes anything else', () => {
    const others = routes.filter(({ access }) => !Object.hasOwn(takes, nameOf(access)));
    expect(others.map(({ operationId }) => operationId)).toEqual([]);
  });

  test('and a signed link in its place these four', () => {
    const signed = routes.filter((route) => route.signed).map(({ operationId }) => operationId);
    expect(signed.sort()).toEqual(['getBatchResults', 'getJobImage', 'getJobImageVariant', 'getJobInput']);
  });

  const keys = new Map<string, string>();
  beforeAll(async () => {
    for (const scope of tenantScopes) {
      keys.set(scope, (await makeKey(world, { project: 'scoped', scopes: [scope] })).key);
    }
    keys.set('operator', (await makeKey(world, { project: 'default', scopes: ['operator'] })).key);
  });

  // A body that is refused before anything is made: leave is asked for first.
  const nothing = { __none: true };
  const rows = routes.map(({ method, path, access }) => ({
    method,
    path,
    enough: scopesFor(access),
    isForAll: access === 'any' || access === 'open',
  }));
  test.each(rows)('$method $path: 403 by every scope but $enough', async ({ method, path, enough, isForAll }) => {
    for (const scope of scopes) {
      const body = method === 'post' ? nothing : undefined;
      const answer = await callWith(world, keys.get(scope) ?? '')<{ error?: { code: string; message: string } }>(
        method.toUpperCase(),
        pathOf(path, nobodys['job'] ?? ''),
        body,
      );
      if (isForAll || enough.includes(scope)) expect([scope, answer.status]).not.toEqual([scope, 403]);
      else {
        expect([scope, answer.status, answer.body.error?.code]).toEqual([scope, 403, 'insufficient_scope']);
        // It names what would do.
        const names = enough.map((one) => `'${one}'`).join(' or ');
        expect(answer.body.error?.message).toContain(`This needs the scope ${names},`);
      }
    }
  });
});
