// `npm run dev`: builds what changes and starts API and worker anew after each build, as `npm start` would.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = [
  'packages/shared',
  'packages/simulator',
  'apps/dashboard',
  'apps/api',
  'apps/worker',
  'infra/launcher',
];
const quietMs = 700;

const start = (command, args) => spawn(command, args, { cwd: root, stdio: 'inherit' });
const ended = (child) => new Promise((resolve) => child.once('close', resolve));
const running = (child) => child !== null && child.exitCode === null && child.signalCode === null;

if ((await ended(start('node_modules/.bin/turbo', ['run', 'build', '--output-logs=errors-only']))) !== 0) {
  process.stdout.write('The build fails: it is tried again with the next change.\n');
}
const builder = start('node_modules/.bin/turbo', ['watch', 'build', '--output-logs=errors-only', '--ui=stream']);
let server = start(process.execPath, ['infra/launcher/dist/start.js']);
let timer;
let stopping = false;
let restarting = false;

function changed() {
  clearTimeout(timer);
  timer = setTimeout(() => void restart(), quietMs);
}

async function restart() {
  // A change that comes while the server drains waits for the drain.
  if (restarting) return changed();
  restarting = true;
  if (running(server)) {
    server.kill('SIGTERM');
    await ended(server);
  }
  if (!stopping) server = start(process.execPath, ['infra/launcher/dist/start.js']);
  restarting = false;
}

const watchers = packages.map((name) => watch(`${root}${name}/dist`, { recursive: true }, changed));

// Ctrl-C reaches the children from the terminal too; the launcher drains, and this waits for it.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopping = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
    for (const child of [builder, server]) if (running(child)) child.kill(signal);
  });
}
