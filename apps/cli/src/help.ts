import { exitCodes, type Command } from './command.js';
import { commands } from './commands/index.js';
import { table } from './format.js';

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

export function usage(): string {
  const rows = Object.values(commands).map((command) => [command.usage.split(' [-', 1)[0] ?? '', command.summary]);
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
    '`rendermill COMMAND --help` tells its options. Every command takes --json (the result as JSON on stdout; words for people go to stderr) and --help.',
    '',
    'Environment, before what `rendermill login` kept:',
    indented(table(environment)),
    '',
    'Exit codes:',
    indented(table(codes)),
  ].join('\n');
}

export function helpOf(command: Command): string {
  const lines = [...command.optionsHelp, '--json  the result as JSON on stdout', '--help, -h  this text'];
  // What has no column of its own is a sentence.
  const rows = lines.map((line) => line.split(/ {2,}/));
  const columns = table(rows.filter(({ length }) => length > 1));
  const sentences = rows.flatMap((row) => (row.length > 1 ? [] : row));
  const options = [columns, ...sentences];
  return [`rendermill ${command.usage}`, '', command.summary, '', indented(options.join('\n'))].join('\n');
}
