import type { Command } from './command.js';

/** The words for the options of a command, its own and those that every command has. */

const jsonHelp = { document: 'the result as one JSON document on stdout', lines: 'a line of JSON for each event' };

export const ownOptionsHelp = ({ json = 'document' }: Command): string[] => [
  ...(json === 'none' ? [] : [`--json  ${jsonHelp[json]}`]),
  '--help, -h  this text',
];

/** Each option by its name, with its words: what completion offers. */
export function optionsOf(command: Command): ReadonlyMap<string, string> {
  const names = [...Object.keys(command.options), ...(command.json === 'none' ? [] : ['json']), 'help'];
  const lines = [...command.optionsHelp, ...ownOptionsHelp(command)];
  return new Map(names.map((name) => [name, wordsFor(name, lines)]));
}

function wordsFor(name: string, lines: readonly string[]): string {
  const line = lines.find((text) => text.startsWith(`--${name}`) && !/[\w-]/.test(text[name.length + 2] ?? ''));
  return line?.split(/ {2,}/)[1] ?? '';
}
