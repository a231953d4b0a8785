import type { World } from './world.js';

/** What tests of batches say to the API. */

export interface BatchAnswer {
  readonly id: string;
  readonly status: string;
  readonly endpoint: string | null;
  readonly input_file_id: string | null;
  readonly output_file_id: string | null;
  readonly error_file_id: string | null;
  readonly created_at: number;
  readonly expires_at: number;
  readonly paused_at: number | null;
  readonly progress: number;
  readonly bound_by: string | null;
  readonly eta_seconds: number | null;
  readonly request_counts: { total: number; completed: number; failed: number; cancelled: number };
  readonly errors: { data: { code: string; line: number | null }[] } | null;
  readonly cost: { estimated: number | null; actual: number | null };
}

export interface Refusal {
  readonly error: { code: string; param: string | null; message: string };
}

/** A line of a batch, as OpenAI writes it. */
export function line(custom_id: string, body: Record<string, unknown>, url = '/v1/images/generations') {
  return { custom_id, method: 'POST', url, body: { model: 'gpt-image-1', quality: 'low', size: '1024x1024', ...body } };
}

/** So many lines: `{name} 1` and on. */
export function lines(count: number, name: string, prompt = '') {
  return Array.from({ length: count }, (_, i) => line(`${name} ${i + 1}`, { prompt: `${name} ${i + 1}${prompt}` }));
}

export async function createBatch(world: World, body: Record<string, unknown>): Promise<BatchAnswer> {
  const answer = await world.call<BatchAnswer>('POST', '/v1/batches', body);
  if (answer.status !== 200) throw new Error(`POST /v1/batches: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export async function getBatch(world: World, id: string): Promise<BatchAnswer> {
  return (await world.call<BatchAnswer>('GET', `/v1/batches/${id}`)).body;
}

const ends = ['completed', 'failed', 'expired', 'cancelled'];

export async function endedBatch(world: World, id: string): Promise<BatchAnswer> {
  for (;;) {
    const { body } = await world.call<BatchAnswer>('GET', `/v1/batches/${id}?wait=20`);
    if (ends.includes(body.status)) return body;
  }
}

/** Uploads a file for a batch; answers its id. */
export async function upload(
  world: World,
  content: string | Uint8Array<ArrayBuffer>,
  filename: string,
  purpose = 'batch',
): Promise<string> {
  const form = new FormData();
  form.set('purpose', purpose);
  form.set('file', new Blob([content]), filename);
  return (await world.call<{ id: string }>('POST', '/v1/files', form)).body.id;
}

export const jsonl = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
