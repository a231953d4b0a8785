import type { Job } from '@rendermill/client';
import { exitCodes, number, text, type Command } from '../command.js';
import { clip, dollars, table, time } from '../format.js';

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
    '--custom-id ID     without --batch',
    '--model NAME       without --batch',
    '--limit N          how many at most (20)',
  ],
  arguments: { least: 0, most: 0 },
  run: async (run) => {
    const { client, terminal, json } = run;
    const limit = number(run, 'limit') ?? 20;
    const batch = text(run, 'batch');
    const status = text(run, 'status') as Job['status'] | undefined;
    const given = (name: string, as: string) => (text(run, name) === undefined ? {} : { [as]: text(run, name) });
    const page = { limit: Math.min(100, Math.max(1, Math.floor(limit))), ...(status ? { status } : {}) };
    const found =
      batch === undefined
        ? client.jobs.list({ ...page, ...given('custom-id', 'custom_id'), ...given('model', 'model') })
        : client.batches.lines(batch, { ...page, ...given('error-code', 'error_code'), order: 'asc' });
    const rows: Job[] = [];
    for await (const job of found) {
      rows.push(job);
      if (rows.length >= limit) break;
    }
    if (json) terminal.print(JSON.stringify({ object: 'list', data: rows }, null, 2));
    else if (rows.length === 0) terminal.say('There are none.');
    else terminal.print(table([['JOB', 'STATUS', 'CUSTOM ID', 'COST', 'CREATED', 'ERROR'], ...rows.map(row)]));
    return exitCodes.done;
  },
};

const row = (job: Job): string[] => [
  job.id,
  job.status,
  clip(job.custom_id ?? '', 30),
  job.cost.actual === null ? '' : dollars(job.cost.actual),
  time(job.created_at),
  job.error ? `${job.error.code}: ${clip(job.error.message, 80)}` : '',
];
