import { spawn } from 'node:child_process';
import { exitCodes, type Command } from '../command.js';
import { readSaved, urlOf } from '../settings.js';

const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

export const openPage: Command = {
  usage: 'open [ID]',
  summary: 'Prints the address of the dashboard, or of a batch or job in it, and opens it where there is a terminal.',
  options: { 'print-only': { type: 'boolean' } },
  optionsHelp: ['--print-only   opens nothing'],
  arguments: { least: 0, most: 1 },
  run: async ({ env, positionals, values, terminal, json }) => {
    const [id] = positionals;
    const place = id === undefined ? '' : `#/${id.startsWith('batch_') ? 'batches' : 'jobs'}/${encodeURIComponent(id)}`;
    const url = `${urlOf(env, await readSaved(env))}/${place}`;
    terminal.print(json ? JSON.stringify({ url }) : url);
    if (!process.stdout.isTTY || values['print-only'] === true) return exitCodes.done;
    const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
    // No browser here: the address stands above.
    child.once('error', () => undefined);
    child.unref();
    return exitCodes.done;
  },
};
