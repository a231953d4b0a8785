// Rendermill itself: API and worker as processes, jobs by the public API.
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { root, startNode } from './children.mjs';

const key = `rm_live_bench-${randomBytes(12).toString('hex')}`;

export class Ours {
  name = 'ours';
  #setup;
  #env;
  #dir;
  #api = null;
  #workers = [];
  #url = '';
  #submitted = 0;

  /** `setup`: { stage, simulator, store, limits or concurrency, apiKey, request: { model, size }, profile } */
  constructor(setup) {
    this.#setup = setup;
  }

  async open() {
    const { stage, simulator, store, concurrency, limits = { concurrency }, apiKey = 'sk-bench' } = this.#setup;
    const name = `b-${randomBytes(5).toString('hex')}`;
    this.#dir = join(stage.dir, name);
    await mkdir(this.#dir);
    const config = join(this.#dir, 'config.json');
    const account = {
      id: 'sim',
      preset: 'openai',
      base_url: simulator.url,
      api_key: '${BENCH_PROVIDER_KEY}',
      limits,
    };
    await writeFile(config, JSON.stringify({ providers: [account] }));
    this.#env = {
      ...store.env,
      REDIS_URL: stage.redisUrl,
      REDIS_KEY_PREFIX: name,
      RENDERMILL_DATA_DIR: join(this.#dir, 'data'),
      RENDERMILL_ADMIN_KEY: key,
      RENDERMILL_SECRET: randomBytes(16).toString('hex'),
      RENDERMILL_CONFIG: config,
      BENCH_PROVIDER_KEY: apiKey,
      PORT: '0',
    };
    this.#api = this.#start('api');
    this.#url = (await this.#api.message('ready')).url;
  }

  async startWorker(count = 1) {
    const workers = Array.from({ length: count }, () => this.#start('worker'));
    this.#workers.push(...workers);
    await Promise.all(workers.map((worker) => worker.message('ready')));
  }

  #start(app) {
    const { stage, profile } = this.#setup;
    const options = { dir: stage.dir, env: this.#env, measured: true, profile };
    return startNode(app, `${root}/apps/${app}/dist/main.js`, options);
  }

  /** Hands jobs in, a few at a time as clients do. */
  async submit(count) {
    const limit = pLimit(8);
    const first = this.#submitted;
    this.#submitted += count;
    await Promise.all(Array.from({ length: count }, (_, i) => limit(() => this.#submitOne(first + i))));
  }

  async #submitOne(number) {
    const body = { type: 'generation', ...this.#setup.request, prompt: `picture ${number}` };
    const response = await this.post('/v1/jobs', body);
    if (response.status !== 202) throw new Error(`POST /v1/jobs: ${response.status} ${await response.text()}`);
    await response.text();
  }

  post(path, body) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    return fetch(this.#url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Uploads a file of lines and makes a batch of it; resolves with its id when it runs. */
  async runningBatch(file) {
    const form = new FormData();
    form.set('purpose', 'batch');
    form.set('file', file, 'lines.jsonl');
    const headers = { authorization: `Bearer ${key}` };
    const upload = await fetch(`${this.#url}/v1/files`, { method: 'POST', headers, body: form });
    const answer = await upload.json();
    if (!upload.ok) throw new Error(`POST /v1/files: ${upload.status} ${JSON.stringify(answer)}`);
    const made = await this.post('/v1/batches', { input_file_id: answer.id });
    const { id } = await made.json();
    if (!made.ok) throw new Error(`POST /v1/batches: ${made.status}`);
    for (;;) {
      const batch = await this.#get(`/v1/batches/${id}`);
      if (batch.status === 'in_progress') return id;
      if (batch.status !== 'validating')
        throw new Error(`the batch is ${batch.status}: ${JSON.stringify(batch.errors)}`);
      await sleep(10);
    }
  }

  async cancelBatch(id) {
    await (await this.post(`/v1/batches/${id}/cancel`)).text();
  }

  /** Resolves when no job is left. Seldom asks while many are, so that asking is no load; then waits for the last ones. */
  async finished() {
    while ((await this.#list('queued', 1)).length > 0) await sleep(200);
    for (;;) {
      const last = await this.#list('in_progress', 100);
      if (last.length === 0 && (await this.#list('queued', 1)).length === 0) break;
      await Promise.all(last.map(({ id }) => this.#get(`/v1/jobs/${id}?wait=60`)));
    }
    const failed = await this.#list('failed', 1);
    if (failed.length > 0) throw new Error(`a job failed: ${JSON.stringify(failed[0].error)}`);
  }

  async #list(status, limit) {
    return (await this.#get(`/v1/jobs?status=${status}&limit=${limit}`)).data;
  }

  async #get(path) {
    const response = await fetch(this.#url + path, { headers: { authorization: `Bearer ${key}` } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Of the first worker, which is what a picture passes through; the API's beside it. */
  async mark() {
    const api = await this.#api.mark();
    return { ...(await this.#workers[0].mark()), api };
  }

  async close() {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.#api?.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
