import { parseArgs } from 'node:util';
import { ApiError, clientOf, Unreachable } from './client.js';
import { exitCodes, UsageError, type Command, type ExitCode } from './command.js';
import { commands } from './commands/index.js';
import { helpOf, usage } from './help.js';
import { openTerminal, type Terminal } from './terminal.js';

/** `rendermill <command>`: reads RENDERMILL_URL and RENDERMILL_API_KEY. */
async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    terminal.print(usage());
    return name === undefined ? exitCodes.usage : exitCodes.done;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UsageError(`There is no command '${name}'; there are ${Object.keys(commands).join(', ')}.`);
  const { values, positionals } = read(command, rest);
  if (values['help'] === true) {
    terminal.print(helpOf(command));
    return exitCodes.done;
  }
  const { least, most } = command.arguments;
  if (positionals.length < least || positionals.length > most)
    throw new UsageError(`It is written: rendermill ${command.usage}`);
  return command.run({
    get client() {
      return clientOf(process.env);
    },
    terminal,
    positionals,
    values,
    json: values['json'] === true,
  });
}

function read({ options, usage: written }: Command, args: string[]) {
  const all = { ...options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  try {
    const { values, positionals } = parseArgs({ args, options: all, allowPositionals: true });
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${why}\nIt is written: rendermill ${written}`, { cause });
  }
}

/** What went wrong, with what to do, and how the process ends. */
function explain(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof UsageError) {
    terminal.say(error.message);
    return exitCodes.usage;
  }
  if (error instanceof Unreachable) {
    terminal.say(error.message);
    return exitCodes.unreachable;
  }
  if (error instanceof ApiError) {
    const code = error.code === null ? '' : ` (${error.code}${error.requestId ? `, request ${error.requestId}` : ''})`;
    terminal.say(error.status === 401 ? `${error.message} Check RENDERMILL_API_KEY.` : `${error.message}${code}`);
    return exitCodes.failed;
  }
  throw error;
}

const terminal = openTerminal();
try {
  process.exitCode = await main(process.argv.slice(2), terminal);
} catch (error) {
  process.exitCode = explain(error, terminal);
}
