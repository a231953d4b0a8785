import type { Job, Rendermill } from '@rendermill/client';
import { exitCodes, limitOf, oneOf, refuse, text, type Command, type Run } from '../command.js';
import { firstOf, pageOf, sayMore } from '../first.js';
import { clip, dollars, table, time } from '../format.js';

const states = ['queued', 'in_progress', 'completed', 'failed', 'cancelled', 'expired'] as const;

export const jobs: Command = {
  usage: 'jobs [--batch ID] [--status NAME] [--error-code CODE] [--limit N]',
  summary: 'Jobs, newest first; of a batch its lines, with what failed and why.',
  options: {
    batch: { type: 'string' },
    status: { type: 'string' },
    'error-code': { type: 'string' },
    'custom-id': { type: 'string' },
    model: { type: 'string' },
    limit: { type: 'string' },
  },
  optionsHelp: [
    '--batch ID         lines of this batch',
    '--status NAME      queued, in_progress, completed, failed, cancelled or expired',
    '--error-code CODE  with --batch: only lines that failed with it',
    '--custom-id ID     only those that were called this',
    '--model NAME       only those of this model',
    '--limit N          how many at most (20)',
  ],
  arguments: { least: 0, most: 0 },
  run: async (run) => {
    const { client, terminal, json } = run;
    const limit = limitOf(run, 20);
    const rows = await firstOf(wanted(client, run, limit), limit);
    if (json) terminal.print(JSON.stringify(rows, null, 2));
    else if (rows.data.length === 0) terminal.say(none(run));
    else terminal.print(table([['JOB', 'STATUS', 'CUSTOM ID', 'COST', 'CREATED', 'ERROR'], ...rows.data.map(row)]));
    if (!json) sayMore(terminal, rows);
    return exitCodes.done;
  },
};

/** Without a filter there may be batches all the same. */
function none({ values }: Run): string {
  const filters = Object.keys(values).filter((name) => name !== 'limit' && name !== 'json');
  if (filters.length > 0) return 'There are none.';
  return 'No single jobs. For the lines of a batch: rendermill jobs --batch ID';
}

function wanted(client: Rendermill, run: Run, limit: number): AsyncIterable<Job> {
  const batch = text(run, 'batch');
  const status = oneOf(run, 'status', states);
  const code = text(run, 'error-code');
  const customId = text(run, 'custom-id');
  const model = text(run, 'model');
  if (batch === undefined) refuse(run, ['error-code'], 'only with --batch ID, whose lines it picks.');
  const page = { limit: pageOf(limit), ...(status ? { status } : {}) };
  const named = {
    ...(customId === undefined ? {} : { custom_id: customId }),
    ...(model === undefined ? {} : { model }),
  };
  if (batch === undefined) return client.jobs.list({ ...page, ...named });
  if (code === undefined) return client.jobs.list({ ...page, ...named, batch_id: batch, order: 'asc' });
  const failed = client.batches.lines(batch, { ...page, error_code: code, order: 'asc' });
  return only(failed, (job) => (customId ?? job.custom_id) === job.custom_id && (model ?? job.model) === job.model);
}

/** The API picks lines by reason, or by name and model: not by all of them. */
async function* only(found: AsyncIterable<Job>, fits: (job: Job) => boolean): AsyncGenerator<Job> {
  for await (const job of found) if (fits(job)) yield job;
}

const row = (job: Job): string[] => [
  job.id,
  job.status,
  clip(job.custom_id ?? '', 30),
  job.cost.actual === null ? '' : dollars(job.cost.actual),
  time(job.created_at),
  job.error ? `${job.error.code}: ${clip(job.error.message, 80)}` : '',
];
