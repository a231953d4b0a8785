import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { DemoClient } from './client.js';

/** What came of a product. */
export interface Result {
  readonly custom_id: string;
  readonly title: string;
  readonly status: string;
  readonly job: string;
  /** Where its picture lies, relative to the folder; null where there is none. */
  readonly file: string | null;
  readonly key: string | null;
  readonly sha256: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly bytes: number | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly cost_usd: number | null;
  readonly prompt: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A row of `/v1/batches/{id}/results`. */
interface Row {
  readonly custom_id: string;
  readonly line: number;
  readonly status: string;
  readonly job_id: string;
  readonly images: readonly {
    readonly url: string;
    readonly key: string;
    readonly sha256: string;
    readonly width: number;
    readonly height: number;
    readonly bytes: number;
  }[];
  readonly error: Result['error'];
  readonly cost: { readonly actual: number | null };
}

/** Downloads every picture of a batch into `{folder}/images`; the results in the order of the catalogue. */
export async function collect(client: DemoClient, batch: string, folder: string): Promise<Result[]> {
  await rm(join(folder, 'images'), { recursive: true, force: true });
  await mkdir(join(folder, 'images'), { recursive: true });
  const rows = await client.lines<Row>(`/v1/batches/${batch}/results`);
  const jobs = new Map((await jobsOf(client, batch)).map((job) => [job.id, job]));
  const results: Result[] = [];
  for (const row of rows.toSorted((a, b) => a.line - b.line)) {
    const job = jobs.get(row.job_id);
    const [image] = row.images;
    results.push({
      custom_id: row.custom_id,
      title: job?.metadata['title'] ?? row.custom_id,
      status: row.status,
      job: row.job_id,
      file: image ? await download(client, row.custom_id, image, folder) : null,
      key: image?.key ?? null,
      sha256: image?.sha256 ?? null,
      width: image?.width ?? null,
      height: image?.height ?? null,
      bytes: image?.bytes ?? null,
      model: job?.model ?? null,
      provider: job?.provider ?? null,
      cost_usd: row.cost.actual,
      // Null for a row that could not become a job.
      prompt: (job?.request as { prompt?: string } | null)?.prompt ?? null,
      error: row.error,
    });
  }
  await writeFile(join(folder, 'manifest.jsonl'), results.map((result) => `${JSON.stringify(result)}\n`).join(''));
  return results;
}

/** What each product was made from. */
async function jobsOf(client: DemoClient, batch: string): Promise<PresentedJob[]> {
  const jobs: PresentedJob[] = [];
  let after = '';
  for (;;) {
    const page = await client.call<{ data: PresentedJob[]; has_more: boolean; last_id: string }>(
      'GET',
      `/v1/batches/${batch}/jobs?limit=100${after}`,
    );
    jobs.push(...page.data);
    if (!page.has_more) return jobs;
    after = `&after=${page.last_id}`;
  }
}

/** Saves what is behind an image's link, which must be what the provider sent. */
async function download(
  client: DemoClient,
  customId: string,
  image: Row['images'][number],
  folder: string,
): Promise<string> {
  const bytes = await client.download(image.url);
  if (createHash('sha256').update(bytes).digest('hex') !== image.sha256)
    throw new Error(`${image.key} is not what was stored`);
  // A custom id may be anything printable: it becomes part of a path only after this.
  const file = `images/${customId.replaceAll(/[^A-Za-z0-9._-]/g, '_')}${extname(image.key)}`;
  await writeFile(join(folder, file), bytes);
  return file;
}
