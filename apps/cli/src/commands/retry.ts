import { follow } from '../batch/follow.js';
import { agreed } from '../batch/price.js';
import { priceOfBatch, priceOfJob, type RetryPrice } from '../batch/retry-price.js';
import { exitCodes, kindOf, number, refuse, text, UsageError, type Command } from '../command.js';
import { followJob } from '../job/follow.js';

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
    'ID                 of a batch or a job',
    '--error-code CODE  of a batch: only lines that failed with this code, which `rendermill watch ID` tells',
    '--max-cost USD     what the batch may cost at most, what it has cost already included',
    '--watch, -w        looks on until it has ended',
    '--yes, -y          spend it without being asked: needed where there is no terminal',
  ],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const { client, terminal, positionals, json } = run;
    const id = positionals[0] ?? '';
    const isBatch = kindOf(id) === 'batch';
    const code = text(run, 'error-code');
    const maxCost = number(run, 'max-cost');
    if (!isBatch) refuse(run, ['error-code', 'max-cost'], `only for batches, and ${id} is a job.`);
    if (isBatch && code === 'budget_exceeded' && maxCost === undefined) {
      const why = 'The maximum cost stopped these lines, and would stop them again';
      throw new UsageError(`${why}: say a new one with --max-cost USD, what was spent so far included.`);
    }
    const price: RetryPrice = isBatch ? await priceOfBatch(client, id, code, maxCost) : await priceOfJob(client, id);
    terminal.say(price.words);
    if (!(await agreed(run, 'Spend it?'))) {
      if (json) terminal.print(JSON.stringify(price.facts, null, 2));
      return exitCodes.notConfirmed;
    }
    const again = isBatch
      ? await client.batches.retry(id, {
          ...(code === undefined ? {} : { error_code: code }),
          ...(maxCost === undefined ? {} : { max_cost: maxCost }),
        })
      : await client.jobs.retry(id);
    if (run.values['watch'] === true) return isBatch ? follow(run, id) : followJob(run, id);
    terminal.print(json ? JSON.stringify(again, null, 2) : `${id} ${again.status}`);
    terminal.say(`To look on: rendermill watch ${id}`);
    return exitCodes.done;
  },
};
