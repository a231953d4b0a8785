import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { until } from '../until.js';
import type { LoggedDelivery } from '../webhook-calls.js';
import type { Answer } from '../world.js';

/** A URL of a stranger, given to an API by each of the ways that take one, and what came of it. */
export interface Outcome {
  readonly url: string;
  readonly status: number;
  /** Of the refusal, or of the job that failed. */
  readonly code?: string | undefined;
  /** The job's status. */
  readonly ended?: string;
  /** Of the delivery. */
  readonly attempts?: LoggedDelivery['attempts'];
  /** What the endpoint's test answered, which the API itself sends. */
  readonly tested?: string;
}

interface Refusal {
  readonly id: string;
  readonly error?: { code: string; message: string };
}

const generation = { type: 'generation', prompt: 'x', model: 'gpt-image-1' };

export class FrontDoor {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  async asImage(url: string): Promise<Outcome> {
    const edit = { ...generation, type: 'edit', images: [{ image_url: url }] };
    const { status, body } = await this.#call<Refusal>('POST', '/v1/jobs', edit);
    if (status !== 202) return { url, status, code: body.error?.code };
    const job = await this.#ended(body.id);
    return { url, status, code: job.error?.code, ended: job.status };
  }

  async asWebhookUrl(url: string): Promise<Outcome> {
    const { status, body } = await this.#call<Refusal>('POST', '/v1/jobs', { ...generation, webhook_url: url });
    if (status !== 202) return { url, status, code: body.error?.code };
    return { url, status, attempts: await this.#delivered(`/v1/jobs/${body.id}/deliveries`) };
  }

  /** Registers them all, completes a job, and deletes them. */
  async asEndpoints(urls: readonly string[]): Promise<Outcome[]> {
    const given = { name: 'x', event_types: ['job.completed'] };
    const answers = await Promise.all(
      urls.map(async (url) => this.#call<Refusal>('POST', '/v1/webhook_endpoints', { ...given, url })),
    );
    await this.#ended((await this.#call<Refusal>('POST', '/v1/jobs', generation)).body.id);
    return Promise.all(
      answers.map(async ({ status, body }, i) => {
        const url = urls[i] ?? '';
        if (status !== 200) return { url, status, code: body.error?.code };
        const path = `/v1/webhook_endpoints/${body.id}`;
        const attempts = await this.#delivered(`${path}/deliveries`);
        const test = await this.#call<Refusal>('POST', `${path}/test`, { event_type: 'job.completed' });
        await this.#call('DELETE', path);
        return { url, status, attempts, tested: test.body.error?.message ?? String(test.status) };
      }),
    );
  }

  async #ended(id: string): Promise<PresentedJob> {
    for (;;) {
      const { body } = await this.#call<PresentedJob>('GET', `/v1/jobs/${id}?wait=20`);
      if (body.status !== 'queued' && body.status !== 'in_progress') return body;
    }
  }

  async #delivered(path: string): Promise<LoggedDelivery['attempts']> {
    let last: LoggedDelivery | undefined;
    await until(async () => {
      last = (await this.#call<{ data: LoggedDelivery[] }>('GET', path)).body.data[0];
      return last?.status === 'failed' || last?.status === 'delivered';
    });
    return last?.attempts ?? [];
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const headers = { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(this.#url + path, { method, headers, ...text });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  }
}
