import { follow } from '../batch/follow.js';
import { exitCodes, type Command } from '../command.js';
import { dollars } from '../format.js';

export const watch: Command = {
  usage: 'watch ID',
  summary: 'Looks on until a batch or job has ended: progress, failures as they come, what it came to.',
  options: {},
  optionsHelp: ['ID   of a batch or a job; Ctrl-C leaves it to its end'],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const { client, terminal, positionals, json } = run;
    const id = positionals[0] ?? '';
    if (id.startsWith('batch_')) return follow(run, id);
    const job = await client.waitForJob(id);
    terminal.print(json ? JSON.stringify(job, null, 2) : `${id} ${job.status}, ${dollars(job.cost.actual)}`);
    if (job.error) terminal.say(`${job.error.code}: ${job.error.message}`);
    return job.status === 'completed' ? exitCodes.done : exitCodes.partly;
  },
};
