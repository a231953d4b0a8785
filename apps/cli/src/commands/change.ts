import type { Batch, Job } from '@rendermill/client';
import { stateOf } from '../batch/progress.js';
import { firstOf } from '../first.js';
import { count } from '../format.js';
import { exitCodes, kindOf, type Command, type Run } from '../command.js';

/** What can be done to a batch while it runs. */
function change(usage: string, summary: string, ask: (run: Run, id: string) => Promise<Batch | Job>): Command {
  return {
    usage,
    summary,
    options: {},
    optionsHelp: [],
    arguments: { least: 1, most: 1 },
    run: async (run) => {
      const changed = await ask(run, run.positionals[0] ?? '');
      const asked = changed.object === 'job' && changed.cancel_requested === true && changed.status === 'in_progress';
      const status = changed.object === 'batch' ? stateOf(changed) : changed.status;
      const words = asked ? 'in_progress; it is cancelled after the call under way' : status;
      run.terminal.print(run.json ? JSON.stringify(changed, null, 2) : `${changed.id} ${words}`);
      if (status === 'paused') await sayUnderWay(run, changed.id);
      return exitCodes.done;
    },
  };
}

/** Counted as far as one page goes. */
const counted = 99;

/** A pause stops no call that is paid. */
async function sayUnderWay({ client, terminal }: Run, id: string): Promise<void> {
  const { data, has_more } = await firstOf(client.batches.lines(id, { status: 'in_progress', limit: 100 }), counted);
  if (data.length === 0) return;
  const are = data.length === 1 ? 'is' : 'are';
  terminal.say(
    `${has_more ? 'More than ' : ''}${count(data.length, 'line')} ${are} under way and will still be rendered.`,
  );
}

export const cancel = change(
  'cancel ID',
  'Cancels a batch or a job: calls under way end, what is finished is kept.',
  ({ client }, id) => (kindOf(id) === 'batch' ? client.batches.cancel(id) : client.jobs.cancel(id)),
);
export const pause = change('pause BATCH', 'Begins no more lines until it is resumed.', ({ client }, id) =>
  client.batches.pause(id),
);
export const resume = change('resume BATCH', 'Goes on with a paused batch.', ({ client }, id) =>
  client.batches.resume(id),
);
