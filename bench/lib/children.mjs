// Processes of this run, each ended by its own pid: by whoever started it, or by the end of the run.
import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const preload = new URL('../vitals.mjs', import.meta.url).href;
const running = new Set();
let files = 0;

/** Nothing of this machine's configuration reaches a process that is measured. */
const cleanEnv = () => ({ PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR });

/**
 * A Node program with a channel to us; its output goes to a file in `dir`. With `measured` it is watched by
 * `vitals.mjs`, and by V8's profiler where the run was asked for profiles.
 */
export function startNode(name, script, { dir, env = {}, args = [], measured = false, profile }) {
  const base = `${dir}/${name}-${files++}`;
  const log = openSync(`${base}.log`, 'a');
  const watch = measured ? ['--import', preload] : [];
  const profiler = measured && profile !== undefined ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
  const process_ = spawn(process.execPath, [...watch, ...profiler, script, ...args], {
    cwd: root,
    env: { ...cleanEnv(), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', BENCH_VITALS: base, ...env },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const child = new Child(name, process_, base);
  running.add(child);
  return child;
}

export async function stopChildren() {
  await Promise.all([...running].map((child) => child.stop()));
}

class Child {
  #name;
  #process;
  #base;
  #marks = 0;
  #messages = [];
  #heard = () => undefined;

  constructor(name, process_, base) {
    this.#name = name;
    this.#process = process_;
    this.#base = base;
    process_.on('message', (message) => {
      this.#messages.push(message);
      this.#heard();
    });
    process_.once('exit', () => {
      running.delete(this);
      this.#heard();
    });
  }

  get #ended() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  send(message) {
    this.#process.send(message);
  }

  /** The next message that has `field`. Throws where the process ends instead, with the last that it said. */
  async message(field) {
    for (;;) {
      const at = this.#messages.findIndex((message) => field in message);
      if (at >= 0) return this.#messages.splice(at, 1)[0];
      if (this.#ended) throw new Error(`${this.#name} ended:\n${await this.log()}`);
      await new Promise((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  async log() {
    return (await readFile(`${this.#base}.log`, 'utf8')).slice(-2_000);
  }

  /** What `vitals.mjs` saw since the last mark. */
  async mark() {
    const path = `${this.#base}.${this.#marks++}`;
    this.#process.kill('SIGUSR2');
    for (;;) {
      const text = await readFile(path, 'utf8').catch(() => null);
      if (text !== null) {
        await rm(path);
        return JSON.parse(text);
      }
      if (this.#ended) throw new Error(`${this.#name} ended:\n${await this.log()}`);
      await sleep(5);
    }
  }

  async stop() {
    if (this.#ended) return;
    const ended = new Promise((resolve) => {
      this.#process.once('exit', resolve);
    });
    this.#process.kill('SIGTERM');
    const impatience = setTimeout(() => this.#process.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(impatience);
  }
}
