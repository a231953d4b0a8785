import type { Batch, Job } from '@rendermill/client';
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
      const paused = changed.object === 'batch' && changed.status === 'in_progress' && changed.paused_at !== null;
      const asked = changed.object === 'job' && changed.cancel_requested === true && changed.status === 'in_progress';
      const status = paused
        ? 'paused'
        : asked
          ? 'in_progress; it is cancelled after the call under way'
          : changed.status;
      run.terminal.print(run.json ? JSON.stringify(changed, null, 2) : `${changed.id} ${status}`);
      return exitCodes.done;
    },
  };
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
