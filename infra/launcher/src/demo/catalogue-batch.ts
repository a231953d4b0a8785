import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ApiError, type DemoClient } from './client.js';

/** A catalogue as a batch: upload, estimate, submission, and what becomes of it. */

/** What `POST /v1/batches`, its preview and its estimate take: an uploaded CSV and a template. */
export interface CatalogueBody {
  readonly input_file_id: string;
  readonly template: Readonly<Record<string, unknown>>;
}

export async function uploadCatalogue(client: DemoClient, csv: string, template: string): Promise<CatalogueBody> {
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new Blob([await readFile(csv)]), basename(csv));
  const { id } = await client.call<{ id: string }>('POST', '/v1/files', form);
  return { input_file_id: id, template: JSON.parse(await readFile(template, 'utf8')) as CatalogueBody['template'] };
}

/** What the batch would come to. */
export interface Estimate {
  readonly images: number;
  readonly model: string;
  /** USD at the dearest account that could serve it. */
  readonly cost: number;
}

/** Or in words why nobody knows what it would cost. */
export async function estimate(client: DemoClient, body: CatalogueBody): Promise<Estimate | string> {
  try {
    const { images, cost } = await client.call<{ images: number; cost: { max: number } }>(
      'POST',
      '/v1/estimates',
      body,
    );
    const { data } = await client.call<{ data: { model: string | null }[] }>(
      'POST',
      '/v1/batches/preview?limit=1',
      body,
    );
    return { images, model: data[0]?.model ?? 'no model', cost: cost.max };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'price_unknown') return error.reason;
    throw error;
  }
}

/** What the demo reads of a batch. */
export interface Batch {
  readonly id: string;
  readonly status: string;
  readonly model: string | null;
  readonly errors: { readonly data: readonly { readonly line: number | null; readonly message: string }[] } | null;
  readonly request_counts: { readonly total: number; readonly completed: number; readonly failed: number };
  readonly cost: { readonly actual: number | null };
  readonly progress: number;
  readonly eta_seconds: number | null;
}

export interface Submission extends CatalogueBody {
  readonly webhook_url: string;
  /** USD, or null where there is no known price to hold it to. */
  readonly max_cost: number | null;
}

export async function submit(client: DemoClient, submission: Submission): Promise<Batch> {
  return client.call<Batch>('POST', '/v1/batches', { ...submission, metadata: { from: 'npm run demo' } });
}

/** Follows a batch to its end; `show` is told about once a second how far it is. */
export async function follow(client: DemoClient, submitted: Batch, show: (batch: Batch) => void): Promise<Batch> {
  let batch = submitted;
  while (isRunning(batch)) {
    show(batch);
    // Answered as soon as it has ended.
    batch = await client.call<Batch>('GET', `/v1/batches/${batch.id}?wait=1`);
  }
  show(batch);
  return batch;
}

export function isRunning({ status }: Batch): boolean {
  return ['validating', 'in_progress', 'finalizing', 'cancelling'].includes(status);
}
