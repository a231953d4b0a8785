import type { Command } from './command.js';
import { optionsOf } from './options-help.js';

/** What completes `rendermill` in three shells, made from the commands. */

type Commands = Readonly<Record<string, Command>>;

interface Words {
  /** What may stand first. */
  readonly first: readonly string[];
  /** What may follow one of these: the second words of commands, or the few words that an argument may be. */
  readonly second: ReadonlyMap<string, readonly string[]>;
  /** What may follow `help one`. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

function wordsOf(commands: Commands): Words {
  const groups = new Map<string, string[]>();
  for (const name of Object.keys(commands)) {
    const [one = '', two] = name.split(' ');
    if (two !== undefined) groups.set(one, [...(groups.get(one) ?? []), two]);
  }
  const first = [...new Set(Object.keys(commands).map((name) => name.split(' ', 1)[0] ?? ''))];
  const chosen = Object.entries(commands).flatMap(([name, { choices }]) => (choices ? [[name, choices] as const] : []));
  return { first: [...first, 'help'], second: new Map([...groups, ...chosen, ['help', first]]), groups };
}

const flags = (command: Command): string => [...optionsOf(command).keys()].map((name) => `--${name}`).join(' ');
const lines = (some: Iterable<string>, indent: string): string => [...some].map((line) => indent + line).join('\n');

export function bash(commands: Commands): string {
  const { first, second, groups } = wordsOf(commands);
  const cases = (of: Words['second']): string[] => [...of].map(([one, twos]) => `${one}) words="${twos.join(' ')}" ;;`);
  const options = Object.entries(commands).map(
    ([name, command]) => `"${name}"${name.includes(' ') ? '' : '\\ *'}) words="${flags(command)}" ;;`,
  );
  return `_rendermill() {
  local cur=\${COMP_WORDS[COMP_CWORD]} words=""
  if ((COMP_CWORD == 1)); then words="${first.join(' ')} --help --version"
  else
    case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${lines(options, '      ')}
    esac
    if ((COMP_CWORD == 2)) && [[ $cur != -* ]]; then
      case "\${COMP_WORDS[1]}" in
${lines(cases(second), '        ')}
      esac
    elif ((COMP_CWORD == 3)) && [[ \${COMP_WORDS[1]} == help ]]; then
      case "\${COMP_WORDS[2]}" in
${lines(cases(groups), '        ')}
      esac
    fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _rendermill rendermill`;
}

export function zsh(commands: Commands): string {
  const { first, second, groups } = wordsOf(commands);
  const cases = (of: Words['second']): string[] =>
    [...of].map(([one, twos]) => `${one}) compadd -- ${twos.join(' ')}; return ;;`);
  const options = Object.entries(commands).map(
    ([name, command]) => `'${name}'${name.includes(' ') ? '' : "' '*"}) compadd -- ${flags(command)} ;;`,
  );
  return `#compdef rendermill
_rendermill() {
  if ((CURRENT == 2)); then compadd -- ${first.join(' ')} --help --version; return; fi
  if ((CURRENT == 3)) && [[ \${words[3]} != -* ]]; then case \${words[2]} in
${lines(cases(second), '    ')}
  esac; fi
  if ((CURRENT == 4)) && [[ \${words[2]} == help ]]; then case \${words[3]} in
${lines(cases(groups), '    ')}
  esac; return; fi
  if [[ \${words[CURRENT]} != -* ]]; then _files; return; fi
  case "\${words[2]} \${words[3]}" in
${lines(options, '    ')}
  esac
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _rendermill rendermill`;
}

/** One word for fish, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;

export function fish(commands: Commands): string {
  const { first, second, groups } = wordsOf(commands);
  const add = (when: string, rest: string): string => `complete -c rendermill -n ${quoted(when)} ${rest}`;
  const seen = (words: readonly string[]): string => `__fish_seen_subcommand_from ${words.join(' ')}`;
  const about = (one: string): string =>
    commands[one]?.summary ?? (groups.has(one) ? `${groups.get(one)?.join(', ')}` : 'The options of a command.');
  return [
    ...first.map((one) => add('__fish_use_subcommand', `-f -a ${one} -d ${quoted(about(one))}`)),
    add('__fish_use_subcommand', `-l version -d ${quoted('The version')}`),
    ...[...second].map(([one, twos]) =>
      // Behind `help webhooks` what follows `webhooks` is meant.
      add(`${seen([one])}; and not ${seen(twos)}`, `-f -a ${quoted(twos.join(' '))}`),
    ),
    ...Object.entries(commands).flatMap(([name, command]) => {
      const when = name.split(' ').map((word) => seen([word]));
      return [...optionsOf(command)].map(([option, words]) =>
        add(when.join('; and '), `-l ${option} -d ${quoted(words)}`),
      );
    }),
  ].join('\n');
}
