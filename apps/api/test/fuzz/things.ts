import sharp from 'sharp';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { createBatch, endedBatch, getBatch, jsonl, line, lines, upload } from '../../../../test/batch-calls.js';
import { makeKey, type MadeKey } from '../../../../test/keys.js';
import { until } from '../../../../test/until.js';
import type { World } from '../../../../test/world.js';
import type { Operation } from './document.js';

/** What the ids in paths are of: the owner's, a stranger's, nobody's. */

export type Kind = 'job' | 'batch' | 'file' | 'endpoint' | 'key' | 'model' | 'provider';

const kinds: readonly (readonly [path: string, kind: Kind])[] = [
  ['/v1/jobs/{id}', 'job'],
  ['/v1/batches/{id}', 'batch'],
  ['/v1/files/{id}', 'file'],
  ['/v1/webhook_endpoints/{id}', 'endpoint'],
  ['/v1/api_keys/{id}', 'key'],
  ['/v1/models/{id}', 'model'],
  ['/v1/providers/{id}', 'provider'],
];

/** Null: the path has no id. Throws for one that is not provided for. */
export function kindOf(path: string): Kind | null {
  if (!path.includes('{')) return null;
  const found = kinds.find(([start]) => path.startsWith(start));
  if (!found) throw new Error(`what is the id in ${path} of? Say so in things.ts`);
  return found[1];
}

export const nobodys: Readonly<Record<Kind, string>> = {
  job: `job_${'0'.repeat(22)}`,
  batch: `batch_${'0'.repeat(22)}`,
  file: `file-${'0'.repeat(22)}`,
  endpoint: `whe_${'0'.repeat(22)}`,
  key: `key_${'0'.repeat(22)}`,
  model: 'gpt-image-0',
  provider: 'nobody',
};

/** A prompt that the provider refuses. */
export const refused = 'not to be drawn';

/** The things of one project. */
export class Things {
  readonly key: MadeKey;
  /** Jobs that were made here. */
  readonly jobs = new Set<string>();
  /** For keys alone, which are asked for by who may make them. */
  readonly #world: World;
  readonly #kept = new Map<string, string>();

  constructor(world: World, key: MadeKey) {
    this.#world = world;
    this.key = key;
  }

  static async of(world: World, project: string): Promise<Things> {
    return new Things(world, await makeKey(world, { project, requests_per_minute: 1_000_000 }));
  }

  /** One that fits the operation; what it uses up or changes is made anew for each call. */
  async idFor({ operationId }: Pick<Operation, 'operationId'>, kind: Kind): Promise<string> {
    if (kind === 'model') return 'gpt-image-1';
    if (kind === 'provider') return 'sim';
    if (operationId === 'pauseBatch' || operationId === 'resumeBatch')
      return this.kept(operationId, async () => this.#paused());
    if (/^delete|^cancel/.test(operationId)) return this.make(kind);
    if (operationId === 'retryJob') return this.kept('refused job', async () => this.#job(refused));
    if (operationId === 'getJobInput') return this.kept('edit', async () => this.#edit());
    if (operationId === 'retryBatch') return this.kept('faulty batch', async () => this.#batch([line('bad', {})]));
    if (/^(update|rotate|test)Webhook/.test(operationId))
      return this.kept('endpoint to change', async () => this.make('endpoint'));
    return this.kept(kind, async () => {
      if (kind === 'job') return this.#job('ended');
      if (kind === 'batch') return this.#batch([line('one', { prompt: 'ended' })]);
      return this.make(kind);
    });
  }

  /** A delivery of the endpoint that `idFor` gives for it. */
  async delivery(): Promise<string> {
    return this.kept('delivery', async () => {
      const endpoint = await this.idFor({ operationId: 'getWebhookDelivery' }, 'endpoint');
      const log = `/v1/webhook_endpoints/${endpoint}/deliveries`;
      await this.#job('delivered');
      let found: { id: string }[] = [];
      await until(async () => {
        found = (await this.key.call<{ data: { id: string }[] }>('GET', log)).body.data;
        return found.length > 0;
      });
      return found[0]?.id ?? '';
    });
  }

  async kept(name: string, make: () => Promise<string>): Promise<string> {
    const id = this.#kept.get(name) ?? (await make());
    this.#kept.set(name, id);
    return id;
  }

  async make(kind: Kind): Promise<string> {
    if (kind === 'model' || kind === 'provider') throw new Error(`a ${kind} is not made`);
    const { project } = this.key;
    const endpoint = { name: 'made', url: this.#world.receiver.url, event_types: ['job.completed'] };
    const makers: Record<Exclude<Kind, 'model' | 'provider'>, () => Promise<{ id: string }>> = {
      job: async () => ({ id: await this.#submit('made') }),
      batch: async () => createBatch(this.#own, { requests: [line('one', { prompt: 'made' })] }),
      file: async () => ({ id: await upload(this.#own, jsonl([line('one', { prompt: 'made' })]), 'made.jsonl') }),
      endpoint: async () => this.#post('/v1/webhook_endpoints', endpoint),
      key: async () => makeKey(this.#world, { project }),
    };
    return (await makers[kind]()).id;
  }

  get #own(): World {
    return { ...this.#world, call: this.key.call };
  }

  async #post(path: string, body: object): Promise<PresentedJob> {
    const answer = await this.key.call<PresentedJob>('POST', path, body);
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async #submit(prompt: string): Promise<string> {
    const { id } = await this.#post('/v1/jobs', { type: 'generation', prompt });
    this.jobs.add(id);
    return id;
  }

  async #job(prompt: string): Promise<string> {
    const id = await this.#submit(prompt);
    await this.key.call('GET', `/v1/jobs/${id}?wait=60`);
    return id;
  }

  async #edit(): Promise<string> {
    const images = [{ image_url: (await picture()).url }];
    const { id } = await this.#post('/v1/jobs', { type: 'edit', prompt: 'edited', images });
    this.jobs.add(id);
    await this.key.call('GET', `/v1/jobs/${id}?wait=60`);
    return id;
  }

  async #batch(requests: readonly object[]): Promise<string> {
    const { id } = await createBatch(this.#own, { requests });
    await endedBatch(this.#own, id);
    return id;
  }

  /** Takes it once it runs: before, and when it has ended, it is not for this. */
  async #paused(): Promise<string> {
    const { id } = await createBatch(this.#own, { requests: lines(30, 'paused') });
    for (;;) {
      const { status } = await this.key.call('POST', `/v1/batches/${id}/pause`);
      if (status === 200) return id;
      if ((await getBatch(this.#own, id)).status === 'completed') return this.#paused();
    }
  }
}

/** A small picture, and the same as text. */
export async function picture(): Promise<{ readonly bytes: Buffer; readonly url: string }> {
  const bytes = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  return { bytes, url: `data:image/png;base64,${bytes.toString('base64')}` };
}
