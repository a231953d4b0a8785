import { readFileSync } from 'node:fs';
import { exitCodes, type Command } from './command.js';
import { commands } from './commands/index.js';
import { table } from './format.js';
import { ownOptionsHelp } from './options-help.js';

const endings: Record<keyof typeof exitCodes, string> = {
  done: 'done',
  failed: 'Rendermill or the provider said no',
  usage: 'the command line or the environment is wrong',
  notConfirmed: 'it costs money and nobody said yes: nothing was spent',
  unreachable: 'no answer from RENDERMILL_URL',
  partly: 'it ended, but not all of it well: lines that failed, pictures that could not be fetched',
  interrupted: 'Ctrl-C',
};

const indented = (text: string): string => text.replaceAll(/^/gm, '  ');

const rowsOf = (some: readonly Command[]): string[][] =>
  some.map(({ usage: written, summary }) => [written.split(' [-', 1)[0] ?? '', summary]);

export function version(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** The commands of two words that begin with this one. */
export const groupOf = (one: string): string[] => Object.keys(commands).filter((name) => name.startsWith(`${one} `));

export function helpOfGroup(one: string): string {
  const below = Object.entries(commands).flatMap(([name, command]) => (name.startsWith(`${one} `) ? [command] : []));
  const more = `\`rendermill ${one} COMMAND --help\` tells the options of one.`;
  return [`rendermill ${one} COMMAND [options]`, '', indented(table(rowsOf(below))), '', more].join('\n');
}

export function usage(): string {
  const rows = rowsOf(Object.values(commands));
  const codes = Object.entries(exitCodes).map(([name, code]) => [
    String(code),
    endings[name as keyof typeof exitCodes],
  ]);
  const environment = [
    ['RENDERMILL_URL', 'address of the API (http://127.0.0.1:8080)'],
    ['RENDERMILL_API_KEY', 'an API key'],
  ];
  return [
    'rendermill COMMAND [options]',
    '',
    indented(table(rows)),
    '',
    '`rendermill COMMAND --help` tells its options, `rendermill --version` the version. With --json the result is one JSON',
    'document on stdout, and what went wrong is `{"error": …}`; words for people go to stderr.',
    '',
    'In the checkout it is `npx rendermill`; in other folders `rendermill`, after `npm link -w @rendermill/cli` in the checkout.',
    '',
    'Environment, before what `rendermill login` kept:',
    indented(table(environment)),
    '',
    'Exit codes:',
    indented(table(codes)),
  ].join('\n');
}

export function helpOf(command: Command): string {
  const lines = [...command.optionsHelp, ...ownOptionsHelp(command)];
  // What has no column of its own is a sentence.
  const rows = lines.map((line) => line.split(/ {2,}/));
  const columns = table(rows.filter(({ length }) => length > 1));
  const sentences = rows.flatMap((row) => (row.length > 1 ? [] : row));
  const options = [columns, ...sentences];
  return [`rendermill ${command.usage}`, '', command.summary, '', indented(options.join('\n'))].join('\n');
}
