import { follow } from '../batch/follow.js';
import { agreed } from '../batch/price.js';
import { exitCodes, number, text, type Command, type Run } from '../command.js';
import { count, dollars } from '../format.js';

export const retry: Command = {
  usage: 'retry ID [--error-code CODE] [--max-cost USD] [--watch] [--yes]',
  summary: 'Runs what came to nothing again: a job, or of an ended batch all such lines, or those of one reason.',
  options: {
    'error-code': { type: 'string' },
    'max-cost': { type: 'string' },
    watch: { type: 'boolean', short: 'w' },
    yes: { type: 'boolean', short: 'y' },
  },
  optionsHelp: [
    '--error-code CODE  only lines that failed with this code: `rendermill watch ID` tells them',
    '--max-cost USD     what the batch may cost at most, what it has cost already included',
    '--watch, -w        looks on until it has ended',
    '--yes, -y          spend it without being asked: needed where there is no terminal',
  ],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const { client, terminal, positionals, json } = run;
    const id = positionals[0] ?? '';
    const isBatch = id.startsWith('batch_');
    const code = text(run, 'error-code');
    if (isBatch) await sayCost(run, id, code);
    if (!(await agreed(run, 'Spend it?'))) return exitCodes.notConfirmed;
    const maxCost = number(run, 'max-cost');
    const again = isBatch
      ? await client.batches.retry(id, {
          ...(code === undefined ? {} : { error_code: code }),
          ...(maxCost === undefined ? {} : { max_cost: maxCost }),
        })
      : await client.jobs.retry(id);
    if (run.values['watch'] === true && isBatch) return follow(run, id);
    terminal.print(json ? JSON.stringify(again, null, 2) : `${id} ${again.status}`);
    return exitCodes.done;
  },
};

/** What a line of this batch has cost on average is what one more is likely to cost. */
async function sayCost({ client, terminal }: Run, id: string, code: string | undefined): Promise<void> {
  const { request_counts: n, cost } = await client.batches.get(id);
  const each = n.completed > 0 && cost.actual !== null ? cost.actual / n.completed : null;
  const most = n.failed + n.cancelled;
  const which = code === undefined ? count(most, 'line') : `the lines that failed with ${code}, of ${most} at most`;
  terminal.say(`This runs ${which} again${each === null ? '' : `, at about ${dollars(each)} a line`}.`);
}
