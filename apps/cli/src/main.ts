import { parseArgs } from 'node:util';
import { ConnectionError, RendermillError, type Rendermill } from '@rendermill/client';
import { exitCodes, UsageError, type Command, type ExitCode } from './command.js';
import { commands } from './commands/index.js';
import { helpOf, usage } from './help.js';
import { clientOf, readSaved } from './settings.js';
import { Interrupted, listenForStop } from './stop.js';
import { openTerminal, type Terminal } from './terminal.js';

/** `rendermill <command>`. */
async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first] = args;
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    const named = args.length > 1 ? find(args.slice(1)) : null;
    terminal.print(named ? helpOf(named.command) : usage());
    return first === undefined ? exitCodes.usage : exitCodes.done;
  }
  const { command, rest } = find(args);
  const { values, positionals } = read(command, rest);
  if (values['help'] === true) {
    terminal.print(helpOf(command));
    return exitCodes.done;
  }
  const { least, most } = command.arguments;
  if (positionals.length < least || positionals.length > most)
    throw new UsageError(`It is written: rendermill ${command.usage}`);
  const env = process.env;
  const saved = await readSaved(env);
  let client: Rendermill | undefined;
  return command.run({
    get client() {
      return (client ??= clientOf(env, saved));
    },
    terminal,
    positionals,
    values,
    json: values['json'] === true,
    env,
    stop: listenForStop,
  });
}

/** A command is one word, or two: `webhooks listen`. */
function find(args: readonly string[]): { command: Command; rest: string[] } {
  const [one = '', two = ''] = args;
  for (const [name, rest] of [
    [`${one} ${two}`, args.slice(2)],
    [one, args.slice(1)],
  ] as const) {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command) return { command, rest };
  }
  const below = Object.keys(commands).filter((name) => name.startsWith(`${one} `));
  if (below.length > 0) throw new UsageError(`It is written: ${below.map((name) => `rendermill ${name}`).join(', ')}.`);
  throw new UsageError(`There is no command '${one}'; there are ${Object.keys(commands).join(', ')}.`);
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

/** A file or folder that is not as it should be: no room, no leave, no such place. */
const isOfFiles = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'path' in error;

/** The same for a program that asked for JSON. */
function asJson(error: Error): string {
  const { code, param, requestId } = error as Partial<RendermillError>;
  const facts = { message: error.message, code: code ?? null, param: param ?? null, request_id: requestId ?? null };
  return JSON.stringify({ error: facts }, null, 2);
}

/** What went wrong, with what to do, and how the process ends. */
function explain(error: unknown, terminal: Terminal): ExitCode {
  if (isOfFiles(error)) {
    terminal.say(error.message);
    return exitCodes.usage;
  }
  if (error instanceof UsageError) {
    terminal.say(error.message);
    return exitCodes.usage;
  }
  if (error instanceof Interrupted) return exitCodes.interrupted;
  if (error instanceof ConnectionError) {
    terminal.say(`${error.message} It is RENDERMILL_URL, or what 'rendermill login' kept.`);
    return exitCodes.unreachable;
  }
  if (error instanceof RendermillError) {
    const code = error.code === null ? '' : ` (${error.code}${error.requestId ? `, request ${error.requestId}` : ''})`;
    terminal.say(`${error.message}${error.status === 401 ? ' Check RENDERMILL_API_KEY.' : code}`);
    if (error.retryAfter !== null) terminal.say(`It may succeed in ${Math.ceil(error.retryAfter)} seconds.`);
    return exitCodes.failed;
  }
  throw error;
}

const terminal = openTerminal();
const args = process.argv.slice(2);
try {
  process.exitCode = await main(args, terminal);
} catch (error) {
  process.exitCode = explain(error, terminal);
  if (args.includes('--json') && error instanceof Error) terminal.print(asJson(error));
}
