import { isEnded, type Batch, type Job } from '@rendermill/client';
import { endedLines, timeLeft } from '../batch/follow.js';
import { boundWords, stateOf } from '../batch/progress.js';
import { exitCodes, kindOf, limitOf, refuse, type Command, type Run } from '../command.js';
import { firstOf, pageOf, sayMore } from '../first.js';
import { clip, dollars, table, time } from '../format.js';

export const status: Command = {
  usage: 'status [ID] [--limit N]',
  summary: 'A batch or job as it stands; without ID the latest batches.',
  options: { limit: { type: 'string' } },
  optionsHelp: ['ID         of a batch or a job', '--limit N  without ID: how many batches (20)'],
  arguments: { least: 0, most: 1 },
  run: async (run) => {
    const { client, terminal, positionals, json } = run;
    const [id] = positionals;
    if (id === undefined) return latest(run);
    refuse(run, ['limit'], 'only for the list of batches; leave it out, or the ID.');
    const found = kindOf(id) === 'batch' ? await client.batches.get(id) : await client.jobs.get(id);
    if (json) terminal.print(JSON.stringify(found, null, 2));
    else terminal.print(table(found.object === 'batch' ? ofBatch(found) : ofJob(found)));
    return exitCodes.done;
  },
};

async function latest(run: Run) {
  const { client, terminal, json } = run;
  const limit = limitOf(run, 20);
  const page = await firstOf(client.batches.list({ limit: pageOf(limit) }), limit);
  const rows = page.data.map((batch) => [
    batch.id,
    stateOf(batch),
    linesOf(batch),
    String(batch.request_counts.failed),
    dollars(batch.cost.actual),
    timeLeft(batch),
    clip(batch.metadata?.['name'] ?? '', 30),
  ]);
  if (json) terminal.print(JSON.stringify(page, null, 2));
  else if (rows.length === 0) terminal.say('There are no batches yet. To submit one: rendermill submit FILE');
  else terminal.print(table([['BATCH', 'STATUS', 'LINES', 'FAILED', 'COST', 'LEFT', 'NAME'], ...rows]));
  if (!json) sayMore(terminal, page);
  return exitCodes.done;
}

/** What was cancelled was not rendered. */
const linesOf = (batch: Batch): string => {
  const { total, completed, failed } = batch.request_counts;
  return `${batch.status === 'cancelled' ? completed + failed : endedLines(batch)}/${total}`;
};

function costOf(batch: Batch): string {
  const { actual, estimated } = batch.cost;
  if (isEnded(batch)) return dollars(actual);
  return estimated === null ? `${dollars(actual)} so far` : `${dollars(actual)} of about ${dollars(estimated)} at most`;
}

function ofBatch(batch: Batch): string[][] {
  const { request_counts: n, cost } = batch;
  return [
    ['id', batch.id],
    ['status', stateOf(batch)],
    ['lines', `${n.total}: ${n.completed} completed, ${n.failed} failed, ${n.cancelled} cancelled`],
    ['cost', costOf(batch)],
    ...(cost.possibly_billed_twice.attempts > 0
      ? [
          [
            'perhaps paid twice',
            `${cost.possibly_billed_twice.attempts} attempts, ${dollars(cost.possibly_billed_twice.cost)}`,
          ],
        ]
      : []),
    ...(batch.bound_by === null || batch.bound_by === 'paused'
      ? []
      : [['held back by', boundWords[batch.bound_by] ?? batch.bound_by]]),
    ...(timeLeft(batch) === '' ? [] : [['time', timeLeft(batch)]]),
    ['created', time(batch.created_at)],
    ...(batch.errors?.data ?? []).map(({ line, code, message }) => [
      'fault',
      `${line === null ? '' : `line ${line}: `}${code}: ${clip(message, 300)}`,
    ]),
  ];
}

function ofJob(job: Job): string[][] {
  return [
    ['id', job.id],
    ['status', job.status],
    ['model', job.model ?? ''],
    ['prompt', clip(job.request?.prompt ?? '', 300)],
    ['cost', dollars(job.cost.actual)],
    ['created', time(job.created_at)],
    ...job.attempts.map(({ number, provider, outcome, error }) => [
      `attempt ${number}`,
      `${provider}: ${outcome ?? 'under way'}${error ? `, ${error.code}: ${clip(error.message, 200)}` : ''}`,
    ]),
    ...job.images.map(({ index, url }) => [`picture ${index}`, url]),
    ...(job.error ? [['error', `${job.error.code}: ${clip(job.error.message, 400)}`]] : []),
  ];
}
