import type { ParseArgsConfig } from 'node:util';
import type { Rendermill } from '@rendermill/client';
import type { Stop } from './stop.js';
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
  /** It ended, but not all of it well: lines that failed, pictures that could not be fetched. */
  partly: 5,
  /** Ctrl-C. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What a command works with. */
export interface Run {
  /** Made when it is asked for: `recover` needs no key. */
  readonly client: Rendermill;
  readonly terminal: Terminal;
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly json: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Listens for Ctrl-C from here on. */
  readonly stop: () => Stop;
}

/** One command: a file in `commands/`, named in `commands/index.ts`. */
export interface Command {
  /** What is written after `rendermill`. */
  readonly usage: string;
  readonly summary: string;
  /** Beside `--json` and `--help`. */
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** A line for each option: its name, two blanks, its words, which completion shows too. */
  readonly optionsHelp: readonly string[];
  /** What --json makes of the result; left out: one document. `lines`: one for each event; `none`: it is something else. */
  readonly json?: 'document' | 'lines' | 'none';
  /** What the first argument may be, where that is one of a few words. */
  readonly choices?: readonly string[];
  readonly arguments: { readonly least: number; readonly most: number };
  readonly run: (run: Run) => Promise<ExitCode>;
}

/** A mistake on the command line or in the environment; its message says what to do. */
export class UsageError extends Error {}

/** An option that is a text. */
export function text({ values }: Pick<Run, 'values'>, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** An option that is a number. */
export function number(run: Pick<Run, 'values'>, name: string): number | undefined {
  const value = text(run, name);
  if (value === undefined) return undefined;
  const read = Number(value);
  if (value.trim() === '' || !Number.isFinite(read)) throw new UsageError(`--${name} is a number; '${value}' is none.`);
  return read;
}

/** An option that is one of a few words. */
export function oneOf<T extends string>(run: Pick<Run, 'values'>, name: string, words: readonly T[]): T | undefined {
  const value = text(run, name);
  const found = words.find((word) => word === value);
  if (value !== undefined && found === undefined)
    throw new UsageError(`--${name} is one of ${words.join(', ')}; '${value}' is none.`);
  return found;
}

/** An option that is a list of such words, with commas between. */
export function someOf<T extends string>(run: Pick<Run, 'values'>, name: string, words: readonly T[]): T[] | undefined {
  return text(run, name)
    ?.split(',')
    .map((one) => {
      const found = words.find((word) => word === one.trim());
      if (found === undefined) throw new UsageError(`--${name} has '${one}'; there are ${words.join(', ')}.`);
      return found;
    });
}

/** How many of a list are shown. */
export function limitOf(run: Pick<Run, 'values'>, otherwise: number): number {
  const limit = number(run, 'limit') ?? otherwise;
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError('--limit is a whole number from 1 on.');
  return limit;
}

/** Options that mean nothing beside the others, said before anything is done. */
export function refuse({ values }: Pick<Run, 'values'>, names: readonly string[], why: string): void {
  const given = names.filter((name) => values[name] !== undefined);
  if (given.length > 0) throw new UsageError(`${given.map((name) => `--${name}`).join(', ')}: ${why}`);
}

/** What an id is of; no question is asked with what is none. */
export function kindOf(id: string): 'batch' | 'job' {
  const [, kind] = /^(batch|job)_/.exec(id) ?? [];
  if (kind === 'batch' || kind === 'job') return kind;
  throw new UsageError(`'${id}' is no id of a batch (batch_…) or a job (job_…): rendermill status, rendermill jobs`);
}
