import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commands } from '../src/commands/index.js';
import { rendermillOf, type Rendermill } from './run.js';

/** What the shells themselves make of the scripts; one that is not on this machine is told as not run. */

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

function isHere(shell: string): boolean {
  try {
    execFileSync(shell, ['-c', 'true']);
    return true;
  } catch {
    return false;
  }
}

let rendermill: Rendermill;
let folder: string;
beforeAll(async () => {
  rendermill = await rendermillOf({ url: 'http://127.0.0.1:9', key: 'rm_live_none' });
  folder = await mkdtemp(join(tmpdir(), 'rm-completion-'));
  for (const shell of shells) await writeFile(join(folder, shell), (await rendermill(['completion', shell])).out);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(rendermill.folder, { recursive: true });
});

const said = async (shell: Shell, script: string): Promise<string[]> => {
  const env = { PATH: process.env['PATH'], HOME: folder };
  const { stdout } = await promisify(execFile)(shell, [shell === 'zsh' ? '-fc' : '-c', script], { env, cwd: folder });
  return stdout.split('\n').filter((line) => line !== '');
};

/** What is offered for the last word of a line. */
const offered: Record<Shell, (line: string) => Promise<string[]>> = {
  bash: async (line) => {
    const words = line.split(' ').map((word) => `'${word}'`);
    return said(
      'bash',
      `source ./bash; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _rendermill; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
  },
  // What zsh gets to choose from: choosing by what is typed is its own part.
  zsh: async (line) => {
    const words = line.split(' ');
    const typed = words.at(-1) ?? '';
    const all = await said(
      'zsh',
      `compdef() { :; }; source ./zsh; compadd() { shift; print -l -- "$@"; }; _files() { print FILES; }
words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _rendermill`,
    );
    return all.filter((word) => word.startsWith(typed));
  },
  fish: async (line) =>
    (await said('fish', `source ./fish; complete -C '${line}'`)).map((row) => row.split('\t')[0] ?? ''),
};

const each: readonly (readonly [string, readonly string[]])[] = [
  ['rendermill webh', ['webhooks']],
  ['rendermill he', ['help']],
  ['rendermill webhooks l', ['listen', 'log']],
  ['rendermill completion ', ['bash', 'fish', 'zsh']],
  ['rendermill help rec', ['recover']],
  ['rendermill help keys r', ['revoke', 'rotate']],
  ['rendermill submit x.csv --wa', ['--watch']],
  ['rendermill keys create x --spe', ['--spend-limit']],
];

describe.each(shells)('in %s', (shell) => {
  const here = isHere(shell) ? test : test.skip;

  here('the script has no fault of grammar', async () => {
    await promisify(execFile)(shell, ['-n', join(folder, shell)]);
  });

  here.each(each)('%s', async (line, words) => {
    expect((await offered[shell](line)).sort()).toEqual(words);
  });

  here('every option of every command is offered', async () => {
    for (const [name, command] of Object.entries(commands)) {
      const options = [...Object.keys(command.options), ...(command.json === 'none' ? [] : ['json']), 'help'];
      const got = await offered[shell](`rendermill ${name} --`);
      expect([name, got.filter((word) => word !== '--').sort()]).toEqual([name, options.map((o) => `--${o}`).sort()]);
    }
  });
});

(isHere('fish') ? test : test.skip)('fish tells each option by its own words', async () => {
  const rows = await said('fish', "source ./fish; complete -C 'rendermill submit x.csv --'");
  expect(rows).toContain('--max-cost\twhat it may cost at most; what is left then fails, and can be run again');
  expect(rows).toContain('--watch\tlooks on until it has ended');
  for (const row of rows) expect(row).toMatch(/^--[a-z-]+\t\S/);
});

test('every option of every command is told by its help', async () => {
  for (const [name, { options }] of Object.entries(commands)) {
    const { out } = await rendermill([...name.split(' '), '--help']);
    for (const option of Object.keys(options))
      expect([name, out]).toEqual([name, expect.stringMatching(` --${option}[ ,]`)]);
  }
});
