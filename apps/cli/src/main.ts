import { parseArgs } from 'node:util';
import type { Rendermill } from '@rendermill/client';
import { exitCodes, UsageError, type Command, type ExitCode } from './command.js';
import { commands } from './commands/index.js';
import { asJson, explain } from './failure.js';
import { groupOf, helpOf, helpOfGroup, usage, version } from './help.js';
import { clientOf, readSaved } from './settings.js';
import { didYouMean } from './nearest.js';
import { listenForStop } from './stop.js';
import { openTerminal, type Terminal } from './terminal.js';

/** `rendermill <command>`. */
async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first] = args;
  if (first === '--version' || first === '-V') {
    terminal.print(version());
    return exitCodes.done;
  }
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    terminal.print(args.length > 1 ? helpAbout(args.slice(1)) : usage());
    return first === undefined ? exitCodes.usage : exitCodes.done;
  }
  if (args.length === 2 && groupOf(first).length > 0 && ['--help', '-h'].includes(args[1] ?? '')) {
    terminal.print(helpOfGroup(first));
    return exitCodes.done;
  }
  const { command, rest } = find(args);
  const { values, positionals } = read(command, rest);
  if (values['help'] === true) {
    terminal.print(helpOf(command));
    return exitCodes.done;
  }
  const json = values['json'] === true;
  if (json && command.json === 'none')
    throw new UsageError(`What 'rendermill ${command.usage}' prints is no JSON: leave out --json.`);
  const { least, most } = command.arguments;
  if (positionals.length < least || positionals.length > most)
    throw new UsageError(`It is written: ${helpOf(command)}`);
  const env = process.env;
  const saved = await readSaved(env);
  let client: Rendermill | undefined;
  return command.run({
    get client() {
      return (client ??= clientOf(env, saved, terminal.say));
    },
    terminal,
    positionals,
    values,
    json,
    env,
    stop: listenForStop,
  });
}

function helpAbout(words: readonly string[]): string {
  const [one = ''] = words;
  return words.length === 1 && groupOf(one).length > 0 ? helpOfGroup(one) : helpOf(find(words).command);
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
  const below = groupOf(one);
  if (below.length > 0) throw new UsageError(`It is written: ${below.map((name) => `rendermill ${name}`).join(', ')}.`);
  throw new UsageError(
    `There is no command '${one}'.${didYouMean(one, Object.keys(commands))} There are ${Object.keys(commands).join(', ')}.`,
  );
}

function read(command: Command, args: string[]) {
  const { options } = command;
  const all = { ...options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  try {
    const { values, positionals } = parseArgs({ args, options: all, allowPositionals: true });
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new UsageError(`${wordsOf(cause.message, Object.keys(all))}\n\n${helpOf(command)}`, { cause });
  }
}

/** What node:util says goes on about positional arguments. */
function wordsOf(message: string, options: readonly string[]): string {
  const [, unknown] = /^Unknown option '(-[^']*)'/.exec(message) ?? [];
  if (unknown === undefined) return message.split('\n')[0] ?? message;
  const names = options.map((name) => `--${name}`);
  return `There is no option ${unknown}.${didYouMean(unknown, names)}`;
}

const terminal = openTerminal();
const args = process.argv.slice(2);
try {
  process.exitCode = await main(args, terminal);
} catch (error) {
  const told = args.includes('--json') ? asJson(error) : null;
  if (told !== null) terminal.print(told);
  process.exitCode = explain(error, terminal);
}
