import { follow } from '../batch/follow.js';
import { kindOf, type Command } from '../command.js';
import { followJob } from '../job/follow.js';

export const watch: Command = {
  usage: 'watch ID',
  summary: 'Looks on until a batch or job has ended: progress, failures as they come, what it came to.',
  options: {},
  optionsHelp: ['ID   of a batch or a job; Ctrl-C leaves it to its end'],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const id = run.positionals[0] ?? '';
    return kindOf(id) === 'batch' ? follow(run, id) : followJob(run, id);
  },
};
