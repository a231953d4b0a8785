import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { exitCodes, type Command, type ExitCode } from '../command.js';
import { asJson } from '../failure.js';

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
  run: async ({ positionals, values, json, terminal }) => {
    const flags = ['dry-run', 'merge'].flatMap((name) => (values[name] === true ? [`--${name}`] : []));
    const args = [...flags, ...(json ? ['--json'] : []), '--', ...positionals];
    const child = spawn(process.execPath, [program, ...args], {
      stdio: json ? ['inherit', 'pipe', 'pipe'] : 'inherit',
    });
    let [out, said] = [0, ''];
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.length;
      process.stdout.write(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2_000);
      process.stderr.write(chunk);
    });
    const code = await new Promise<number | null>((ended, failed) => {
      child.once('error', failed);
      child.once('close', ended);
    });
    // What it refuses it says in words.
    if (json && out === 0) terminal.print(asJson(new Error(said.trim())) ?? '');
    return Object.values(exitCodes).find((known): known is ExitCode => known === code) ?? exitCodes.failed;
  },
};
