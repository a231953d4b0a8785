import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isReady, isWaiting, type ReadyMessage } from './messages.js';
import { lastLines, type Say } from './say.js';
import { supervise, type Supervised } from './supervise.js';

export type ChildName = 'api' | 'worker';

export interface ChildSpec {
  readonly name: ChildName;
  /** The compiled program; default: that of the app. */
  readonly program?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** For lines of the launcher. */
  readonly say: Say;
  /** For every line of the child's own log. */
  readonly log: (line: string, from: ChildName) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Child extends Supervised {
  /** What it said when it was ready the first time. */
  readonly ready: ReadyMessage;
  /** Called with every {@link WaitingMessage}. */
  readonly onWaiting: (listener: (calls: number) => void) => void;
}

const readyMs = 60_000;
const titles = { api: 'The API', worker: 'The worker' } as const;

function appProgram(name: ChildName): string {
  return fileURLToPath(new URL(`../../../apps/${name}/dist/main.js`, import.meta.url));
}

/** Starts a child and resolves when it is ready. Throws with its last lines where it ends before that. */
export async function startChild(spec: ChildSpec): Promise<Child> {
  let first: ReadyMessage | undefined;
  let listener: ((calls: number) => void) | undefined;
  let words: string[] = [];
  const hear = (line: string) => {
    words = [...words.slice(-11), line];
    spec.log(line, spec.name);
  };
  const supervised = await supervise(
    {
      name: titles[spec.name],
      spawn: () => {
        words = [];
        const child = fork(spec.program ?? appProgram(spec.name), [], {
          // A port that was given by the system is kept over restarts: people have its address.
          env: { ...spec.env, ...portOf(first) },
          execArgv: ['--enable-source-maps'],
          // A group of its own: a terminal's Ctrl-C reaches the launcher alone, which knows the order.
          detached: true,
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        });
        for (const stream of [child.stdout, child.stderr])
          if (stream) createInterface({ input: stream }).on('line', hear);
        child.on('message', (message) => {
          if (isWaiting(message)) listener?.(message.waiting);
        });
        return child;
      },
      ready: async (child, ended) => {
        const message = await readyMessage(child, ended);
        first ??= message;
      },
      tail: () => lastLines(words.join('\n'), 12),
      restart: { baseMs: 500, maxMs: 30_000, stableMs: 30_000 },
      say: spec.say,
    },
    spec.signal,
  );
  if (first === undefined) throw new Error(`${titles[spec.name]} is ready without having said so`);
  const ready: ReadyMessage = first;
  return {
    ready,
    get pid() {
      return supervised.pid;
    },
    stop: supervised.stop,
    kill: supervised.kill,
    onWaiting: (next) => {
      listener = next;
    },
  };
}

function readyMessage(child: ChildProcess, ended: AbortSignal): Promise<ReadyMessage> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`was not ready within ${readyMs / 1_000} s`)), readyMs);
    const over = () => {
      clearTimeout(late);
      reject(new Error('has ended'));
    };
    ended.addEventListener('abort', over);
    child.on('message', (message) => {
      if (!isReady(message)) return;
      clearTimeout(late);
      ended.removeEventListener('abort', over);
      resolve(message);
    });
  });
}

function portOf(ready: ReadyMessage | undefined): NodeJS.ProcessEnv {
  const port = ready?.url === undefined ? '' : new URL(ready.url).port;
  return port === '' ? {} : { PORT: port };
}
