import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { codeOf } from './faults.js';
import { duration, lastLines } from './say.js';

export interface RunOptions {
  /** When the command and all it started is ended. Nothing of the launcher may hang. */
  readonly timeoutMs: number;
  /** Default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** What the program is told of its own name; several Redis programs are one file that goes by it. */
  readonly argv0?: string | undefined;
  readonly cwd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Carries what the command printed. */
class CommandError extends Error {
  override readonly name = 'CommandError';
}

// Between the polite and the hard end: dpkg must not be cut in the middle of a write.
const politeMs = 5_000;
const keptOutput = 256 * 1024;

/** Runs a command to its end and returns its stdout; throws a {@link CommandError} with its last lines otherwise. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  options.signal?.throwIfAborted();
  // A group of its own: a terminal's Ctrl-C reaches the launcher alone, and the end reaches grandchildren too.
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.env === undefined ? {} : { env: options.env }),
    cwd: options.cwd,
    ...(options.argv0 === undefined ? {} : { argv0: options.argv0 }),
  });
  let stdout = '';
  let all = '';
  const keep = (stream: 'stdout' | 'stderr') => (text: string) => {
    if (stream === 'stdout') stdout = (stdout + text).slice(-keptOutput);
    all = (all + text).slice(-keptOutput);
  };
  child.stdout.setEncoding('utf8').on('data', keep('stdout'));
  child.stderr.setEncoding('utf8').on('data', keep('stderr'));

  let cause: string | undefined;
  let hard: NodeJS.Timeout | undefined;
  const end = (why: string) => {
    cause ??= why;
    killGroup(child.pid, 'SIGTERM');
    hard ??= setTimeout(() => {
      killGroup(child.pid, 'SIGKILL');
      // A daemon that left the group may hold the pipes; its words are not waited for.
      child.stdout.destroy();
      child.stderr.destroy();
    }, politeMs);
  };
  const timer = setTimeout(() => end(`took longer than ${duration(options.timeoutMs)}`), options.timeoutMs);
  const onAbort = () => end('was interrupted');
  options.signal?.addEventListener('abort', onAbort);
  try {
    const why = await new Promise<string | null>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) =>
        resolve(code === 0 ? null : signal === null ? `exit code ${code}` : signal),
      );
    });
    if (why === null && cause === undefined) return stdout;
    const words = lastLines(all);
    throw new CommandError(`${title(command, args)}: ${cause ?? why}${words === '' ? '' : `\n${words}`}`);
  } finally {
    clearTimeout(timer);
    clearTimeout(hard);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** `apt-get install`: the words before the options. */
function title(command: string, args: readonly string[]): string {
  const options = args.findIndex((arg) => arg.startsWith('-'));
  return [basename(command), ...(options === -1 ? args : args.slice(0, options))].join(' ');
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: it ended by itself meanwhile, which is what was wanted.
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
