import { exitCodes, UsageError, type Command } from '../command.js';
import { bash, fish, zsh } from '../completion-scripts.js';

const shells = { bash, zsh, fish } as const;

/** `all`: asked for when every command is known, this one among them. */
export const completion = (all: () => Readonly<Record<string, Command>>): Command => ({
  usage: 'completion bash|zsh|fish',
  summary: 'Prints the script that completes commands and options in a shell.',
  options: {},
  optionsHelp: [
    "bash   echo 'source <(rendermill completion bash)' >> ~/.bashrc",
    "zsh    echo 'source <(rendermill completion zsh)' >> ~/.zshrc",
    'fish   rendermill completion fish > ~/.config/fish/completions/rendermill.fish',
    'It completes the word `rendermill`, which `npm link -w @rendermill/cli` puts on the path.',
  ],
  json: 'none',
  choices: Object.keys(shells),
  arguments: { least: 1, most: 1 },
  run: async ({ positionals, terminal }) => {
    const shell = positionals[0] as keyof typeof shells;
    if (!Object.hasOwn(shells, shell)) throw new UsageError(`There is ${Object.keys(shells).join(', ')}.`);
    terminal.print(shells[shell](all()));
    return exitCodes.done;
  },
});
