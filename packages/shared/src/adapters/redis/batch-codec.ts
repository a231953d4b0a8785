import {
  batchStatuses,
  specOfBatch,
  type Batch,
  type BatchFault,
  type BatchSpec,
  type BatchStatus,
  type RestReason,
} from '../../domain/batch.js';

/** A batch's hash in Redis, and back. `spec` is fixed; the rest are the fields that the scripts change. */
type Fields = Readonly<Record<string, string | undefined>>;

const number = (text: string | undefined): number => Number(text ?? 0);

/** A sum, or null where a part of it is unknown. */
function sum(fields: Fields, name: string): number | null {
  return fields[`${name}_unknown`] ? null : number(fields[name]);
}

/** The batch, or null where the hash holds none (it is past its retention). */
export function decodeBatch(fields: Fields, open: number): Batch | null {
  if (!fields['spec']) return null;
  const spec = JSON.parse(fields['spec']) as BatchSpec;
  const times = batchStatuses.flatMap((status) => {
    const at = fields[`at:${status}`];
    return at ? [[status, Number(at)] as const] : [];
  });
  return {
    ...spec,
    // A retry after the deadline runs without it, and perhaps with another budget.
    deadline: fields['deadline'] === 'none' ? null : spec.deadline,
    max_cost: fields['max_cost'] ? Number(fields['max_cost']) : spec.max_cost,
    status: fields['status'] as BatchStatus,
    generation: number(fields['generation']),
    total: number(fields['total']),
    cursor: number(fields['cursor']),
    offset: number(fields['offset']),
    gaps: number(fields['gaps']),
    open,
    again: number(fields['again']),
    completed: number(fields['completed']),
    failed: number(fields['failed']),
    cancelled: number(fields['cancelled']),
    paused_at: fields['paused'] ? Number(fields['paused']) : null,
    times: Object.fromEntries(times),
    errors: fields['faults'] ? (JSON.parse(fields['faults']) as BatchFault[]) : [],
    rest: (fields['rest'] || null) as RestReason | null,
    rest_kept: fields['rest_kept'] === '1',
    retry: fields['retry'] ?? null,
    output_file_id: fields['output'] || null,
    error_file_id: fields['errors'] || null,
    cost: {
      estimated: sum(fields, 'estimated'),
      begun: number(fields['begun']),
      reserved: number(fields['reserved']),
      actual: sum(fields, 'actual'),
      twice: { attempts: number(fields['twice']), cost: sum(fields, 'twice_cost') },
    },
    model: fields['model'] || null,
    usage: {
      input_tokens: number(fields['input_tokens']),
      output_tokens: number(fields['output_tokens']),
      total_tokens: number(fields['total_tokens']),
    },
    pace: fields['pace'] ? (JSON.parse(fields['pace']) as Batch['pace']) : [],
    unflushed_since: fields['unflushed'] ? Number(fields['unflushed']) : null,
    version: number(fields['version']),
  };
}

/** A batch's hash: what {@link decodeBatch} reads. */
export function encodeBatch(batch: Batch): Record<string, string> {
  const { generation, total, cursor, offset, gaps, again, completed, failed, cancelled, version, cost, usage } = batch;
  const counts = { generation, total, cursor, offset, gaps, again, completed, failed, cancelled, version };
  const books = { begun: cost.begun, reserved: cost.reserved, twice: cost.twice.attempts, ...usage };
  const whole = Object.entries({ ...counts, ...books });
  return {
    ...Object.fromEntries(whole.map(([name, value]) => [name, String(value)])),
    spec: JSON.stringify(specOfBatch(batch)),
    project: batch.project,
    url: batch.webhook_url ?? '',
    status: batch.status,
    ...Object.fromEntries(Object.entries(batch.times).map(([status, at]) => [`at:${status}`, String(at)])),
    paused: String(batch.paused_at ?? ''),
    faults: JSON.stringify(batch.errors),
    rest: batch.rest ?? '',
    rest_kept: batch.rest_kept ? '1' : '',
    output: batch.output_file_id ?? '',
    errors: batch.error_file_id ?? '',
    // Its being there says that the lines of a retry are being found.
    ...(batch.retry === null ? {} : { retry: batch.retry }),
    ...sumFields('estimated', cost.estimated),
    ...sumFields('actual', cost.actual),
    ...sumFields('twice_cost', cost.twice.cost),
    // '' where lines differ; absent where none was begun.
    ...(batch.model === null && cost.begun === 0 ? {} : { model: batch.model ?? '' }),
  };
}

const sumFields = (name: string, amount: number | null): Record<string, string> =>
  amount === null ? { [`${name}_unknown`]: '1' } : { [name]: String(amount) };
