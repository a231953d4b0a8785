// `npm run check`: before every commit. Format, lint with the layer rules, types, unused code, docs, the everyday tests.
// Everything is run even where something fails, so that one round shows it all.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => `node_modules/.bin/${name}`;

const first = [['build', [bin('turbo'), 'run', 'build', '--output-logs=errors-only']]];
const together = [
  ['format', [bin('prettier'), '--check', '--log-level=warn', '.']],
  ['lint', [bin('oxlint'), '--type-aware']],
  ['types', [bin('tsc'), '--noEmit', '-p', 'tsconfig.json']],
  ['unused', [bin('knip')]],
  ['docs', ['node', 'scripts/docs.mjs', '--check']],
  // What others would install.
  ['publint', [bin('publint'), 'packages/client', '--strict']],
  ['attw', [bin('attw'), '--pack', 'packages/client', '--profile', 'esm-only']],
];
const last = [['tests', ['node', 'scripts/test.mjs', '--everyday']]];

function run([name, [command, ...args]]) {
  const startedAt = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => (output += error.message));
    child.once('close', (code) => {
      const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
      const ok = code === 0;
      process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${seconds.padStart(6)} s\n`);
      if (!ok || name === 'tests') process.stdout.write(`${ok ? output.trim().split('\n').at(-1) : faults(output)}\n`);
      resolve(ok);
    });
  });
}

/** What failed, without the files that passed. */
function faults(output) {
  return output
    .split('\n')
    .filter((line) => !line.startsWith('PASS '))
    .join('\n')
    .trim();
}

let ok = true;
for (const step of first) ok = (await run(step)) && ok;
// Two cores: the linters side by side, the tests alone.
for (const passed of await Promise.all(together.map(run))) ok = passed && ok;
for (const step of last) ok = (await run(step)) && ok;
process.exitCode = ok ? 0 : 1;
