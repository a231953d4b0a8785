import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { exitCodes, type Command, type ExitCode } from '../command.js';

/** The one command that is not about the API: it runs where Redis was lost, with the environment of a worker. */
const program = fileURLToPath(new URL('../../../../infra/launcher/dist/recover.js', import.meta.url));

export const recover: Command = {
  usage: 'recover [SPOOL …] [--dry-run] [--merge]',
  summary: 'Rebuilds jobs, batches and files in an empty Redis: docs/recover.md.',
  options: { 'dry-run': { type: 'boolean' }, merge: { type: 'boolean' } },
  optionsHelp: [
    'SPOOL           another machine’s spool folder, or a copy of it',
    '--dry-run       says what would be rebuilt, and writes nothing',
    '--merge         adds what is missing to a Redis that has jobs or batches already',
    'It reads the environment of a worker, not RENDERMILL_URL. Stop all workers first.',
  ],
  arguments: { least: 0, most: 1_000 },
  run: async ({ positionals, values, json }) => {
    const flags = ['dry-run', 'merge'].flatMap((name) => (values[name] === true ? [`--${name}`] : []));
    const args = [...flags, ...(json ? ['--json'] : []), '--', ...positionals];
    const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
    const code = await new Promise<number | null>((ended, failed) => {
      child.once('error', failed);
      child.once('exit', ended);
    });
    return Object.values(exitCodes).find((known): known is ExitCode => known === code) ?? exitCodes.failed;
  },
};
