import { createHash } from 'node:crypto';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';

/** The public API, as anybody would call it. */
export class DemoClient {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.#url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T & { error?: { message: string } };
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer.error?.message ?? ''}`);
    return answer;
  }

  /** Waits for a job's end by long polling. */
  async ended(id: string): Promise<PresentedJob> {
    for (;;) {
      const job = await this.call<PresentedJob>('GET', `/v1/jobs/${id}?wait=30`);
      if (job.status !== 'queued' && job.status !== 'in_progress') return job;
    }
  }

  /** The bytes behind an image's link, which must be those that the provider sent. */
  async download(image: PresentedJob['images'][number] & { readonly url?: string }): Promise<Buffer> {
    const response = await fetch(image.url ?? '');
    const bytes = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw new Error(`downloading ${image.key}: ${response.status}`);
    if (createHash('sha256').update(bytes).digest('hex') !== image.sha256)
      throw new Error(`${image.key} is not what was stored`);
    return bytes;
  }
}
