// `npm run fuzz`: the tests that go by chance, for longer and with a seed of their own, which is printed.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';

const { RENDERMILL_SEED = String(randomInt(2 ** 31)), RENDERMILL_FUZZ_RUNS = '300' } = process.env;
const again = `RENDERMILL_SEED=${RENDERMILL_SEED} RENDERMILL_FUZZ_RUNS=${RENDERMILL_FUZZ_RUNS} npm run fuzz`;
process.stdout.write(`the same again: ${again}\n`);
// A test is so many requests that no limit of the everyday round fits it.
const args = ['scripts/test.mjs', '--testTimeout=3600000', ...process.argv.slice(2), 'apps/api/test/(fuzz|model)'];
const child = spawn(process.execPath, args, {
  stdio: 'inherit',
  env: { ...process.env, RENDERMILL_SEED, RENDERMILL_FUZZ_RUNS },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  process.stdout.write(`the same again: ${again}\n`);
  process.exitCode = code ?? 1;
});
