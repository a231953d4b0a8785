import type { ParseArgsConfig } from 'node:util';
import type { Client } from './client.js';
import type { Terminal } from './terminal.js';

/** How a command ends. Scripts branch on these: `rendermill --help` lists them. */
export const exitCodes = {
  done: 0,
  /** Rendermill, or the provider behind it, said no. */
  failed: 1,
  /** The command line or the environment is wrong. */
  usage: 2,
  /** It costs money, and nobody said yes. Nothing was spent. */
  notConfirmed: 3,
  /** No answer from RENDERMILL_URL. */
  unreachable: 4,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What a command works with. */
export interface Run {
  /** Made when it is asked for: `recover` needs no key. */
  readonly client: Client;
  readonly terminal: Terminal;
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly json: boolean;
}

/** One command: a file in `commands/`, named in `commands/index.ts`. */
export interface Command {
  /** What is written after `rendermill`. */
  readonly usage: string;
  readonly summary: string;
  /** Beside `--json` and `--help`, which every command has. */
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** A line for each option. */
  readonly optionsHelp: readonly string[];
  readonly arguments: { readonly least: number; readonly most: number };
  readonly run: (run: Run) => Promise<ExitCode>;
}

/** A mistake on the command line or in the environment; its message says what to do. */
export class UsageError extends Error {}
