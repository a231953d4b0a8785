import type { Command } from './command.js';

/** What completes `rendermill` in three shells, made from the commands. */

type Commands = Readonly<Record<string, Command>>;

interface Words {
  /** The words that may stand first, and those that may follow one of them. */
  readonly first: readonly string[];
  readonly second: ReadonlyMap<string, readonly string[]>;
}

function wordsOf(commands: Commands): Words {
  const names = Object.keys(commands).map((name) => name.split(' '));
  const second = new Map<string, string[]>();
  for (const [one = '', two] of names) if (two) second.set(one, [...(second.get(one) ?? []), two]);
  return { first: [...new Set(names.map(([one = '']) => one))], second };
}

const optionsOf = ({ options }: Command): string[] =>
  [...Object.keys(options), 'json', 'help'].map((name) => `--${name}`);
/** The summary's first words, without what a shell would read. */
const words = ({ summary }: Command): string => summary.split(/[:;.,]/, 1)[0]?.replaceAll(/[^\w\s/-]/g, '') ?? '';

export function bash(commands: Commands): string {
  const { first, second } = wordsOf(commands);
  return `_rendermill() {
  local cur=\${COMP_WORDS[COMP_CWORD]} words=""
  if ((COMP_CWORD == 1)); then words="${first.join(' ')}"
  else
    case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${Object.entries(commands)
  .map(
    ([name, command]) =>
      `      "${name}"${name.includes(' ') ? '' : '\\ *'}) words="${optionsOf(command).join(' ')}" ;;`,
  )
  .join('\n')}
    esac
    if ((COMP_CWORD == 2)); then
      case "\${COMP_WORDS[1]}" in
${[...second].map(([one, twos]) => `        ${one}) words="${twos.join(' ')}" ;;`).join('\n')}
      esac
    fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _rendermill rendermill`;
}

export function zsh(commands: Commands): string {
  const { first, second } = wordsOf(commands);
  const options = Object.entries(commands).map(
    ([name, command]) =>
      `    '${name}'${name.includes(' ') ? '' : "' '*"}) compadd -- ${optionsOf(command).join(' ')} ;;`,
  );
  const seconds = [...second].map(([one, twos]) => `    ${one}) compadd -- ${twos.join(' ')}; return ;;`);
  return `#compdef rendermill
_rendermill() {
  if ((CURRENT == 2)); then compadd -- ${first.join(' ')}; return; fi
  if ((CURRENT == 3)); then case \${words[2]} in
${seconds.join('\n')}
  esac; fi
  if [[ \${words[CURRENT]} != -* ]]; then _files; return; fi
  case "\${words[2]} \${words[3]}" in
${options.join('\n')}
  esac
}
compdef _rendermill rendermill`;
}

export function fish(commands: Commands): string {
  const { first, second } = wordsOf(commands);
  const lines = [`complete -c rendermill -n __fish_use_subcommand -f -a '${first.join(' ')}'`];
  for (const [one, twos] of second)
    lines.push(
      `complete -c rendermill -n '__fish_seen_subcommand_from ${one}; and not __fish_seen_subcommand_from ${twos.join(' ')}' -f -a '${twos.join(' ')}'`,
    );
  for (const [name, command] of Object.entries(commands)) {
    const seen = name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    for (const option of optionsOf(command))
      lines.push(`complete -c rendermill -n '${seen}' -l ${option.slice(2)} -d '${words(command)}'`);
  }
  return lines.join('\n');
}
