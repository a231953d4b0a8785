import type { Repeat } from '@rendermill/shared/adapters/redis/job-store';
import type { BatchSource, BatchSpec } from '@rendermill/shared/domain/batch';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { newId } from '@rendermill/shared/domain/ids';
import { traceField } from '@rendermill/shared/observability/tracing';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import type { ApiDeps, Caller } from '../deps.js';
import type { BatchBody } from '../http/batch-body.js';
import { givenLines, type GivenLines } from './batch-source.js';
import { reserveForBatch } from './reserve-spend.js';
import { requireWebhookUrl } from './webhook-url.js';

export interface BatchSubmission {
  readonly caller: Caller;
  readonly requestId: string;
  readonly body: BatchBody;
  readonly repeat: Pick<Repeat, 'key' | 'fingerprint'>;
}

/**
 * Takes a batch: what can be checked at once, then its options (and lines that came with it) into the bucket, then the
 * batch in the ledger, where the worker that leads finds it. Answers its id, or that of the batch which the request repeats.
 */
export async function submitBatch(deps: ApiDeps, submission: BatchSubmission): Promise<string> {
  const { caller, body, repeat } = submission;
  if (body.deadline != null && body.deadline * 1_000 <= Date.now())
    throw new RendermillError('invalid_parameter', 'deadline: has passed already.', { param: 'deadline' });
  const lines = await givenLines(deps, caller.project, body);
  const webhookUrl = body.webhook_url == null ? null : await requireWebhookUrl(deps, body.webhook_url, 'webhook_url');
  const id = newId('batch');
  // A repeat is answered with the batch that is there, however little is left by now.
  const known = await deps.jobs.repeated(repeat);
  const wanted = body.max_cost == null ? null : Math.round(body.max_cost * 1_000_000);
  const maxCost = known ? wanted : await reserveForBatch(deps, caller, id, wanted);
  const spec: BatchSpec = {
    id,
    project: caller.project,
    key_id: caller.keyId,
    mode: caller.mode,
    source: sourceOf(lines),
    input_file_id: body.input_file_id ?? null,
    endpoint: body.endpoint ?? null,
    completion_window: body.completion_window,
    metadata: body.metadata ?? null,
    // What somebody waits for goes before.
    priority: body.priority ?? 'low',
    on_unknown_outcome: body.on_unknown_outcome ?? 'retry',
    max_cost: maxCost,
    deadline: body.deadline ?? null,
    output_ttl: body.output_expires_after?.seconds ?? null,
    webhook_url: webhookUrl,
    public_url: deps.settings.publicUrl,
    created_at: Date.now(),
    request_id: submission.requestId,
    ...traceField(),
  };
  const stored = await store(deps, spec, lines);
  const { how, id: written } = await deps.batches.submit(spec, repeat);
  if (how !== 'created') await drop(deps, stored);
  if (how === 'conflict')
    throw new RendermillError('idempotency_key_reused', 'This Idempotency-Key was used with another request.');
  return written;
}

function sourceOf(lines: GivenLines): BatchSource {
  if (lines.kind === 'requests') return { kind: 'requests' };
  const { key } = lines.file;
  return lines.kind === 'jsonl' ? { kind: 'jsonl', key } : { kind: 'csv', key, options: lines.options };
}

/** Answers the keys of what it stored. */
async function store(deps: Pick<ApiDeps, 'storage'>, spec: BatchSpec, lines: GivenLines): Promise<string[]> {
  const options = batchKey(spec, 'batch.json');
  await deps.storage.put(options, Buffer.from(`${JSON.stringify(spec)}\n`), 'application/json');
  if (lines.kind !== 'requests') return [options];
  const input = batchKey(spec, 'input.jsonl');
  const rows = lines.lines.map(({ custom_id, url, body }) => JSON.stringify({ custom_id, method: 'POST', url, body }));
  await deps.storage.put(input, Buffer.from(`${rows.join('\n')}\n`), 'application/jsonl');
  return [options, input];
}

/** What a repeat brought again. What the store will not delete now costs room, and not the request. */
async function drop(deps: Pick<ApiDeps, 'storage' | 'log'>, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    try {
      await deps.storage.delete(key);
    } catch (error) {
      deps.log.warn({ error, key }, 'batch.leftover_not_deleted');
    }
  }
}
