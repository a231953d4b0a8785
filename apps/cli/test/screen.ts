import { spawn } from 'node:child_process';
import { until } from '../../../test/until.js';
import { bin } from './run.js';

/** A pseudo-terminal of Python's, in which the program cannot tell that nobody sits there. */

const pty = `
import os, pty, sys, termios, struct, fcntl
def read(fd):
    return os.read(fd, 65536)
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 100, 0, 0))
import select
while True:
    ready, _, _ = select.select([fd, 0], [], [])
    if fd in ready:
        try: data = os.read(fd, 65536)
        except OSError: break
        if not data: break
        os.write(1, data)
    if 0 in ready:
        typed = os.read(0, 1024)
        if typed: os.write(fd, typed)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
`;

export interface Screen {
  /** All that was written so far, what was drawn over too. */
  readonly soFar: () => string;
  readonly type: (keys: string) => void;
  readonly shows: (text: string) => Promise<void>;
  readonly ended: Promise<{ code: number | null; all: string }>;
}

export function openScreen(args: readonly string[], env: Record<string, string>): Screen {
  const child = spawn('python3', ['-c', pty, process.execPath, bin, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let all = '';
  child.stdout.on('data', (chunk: Buffer) => (all += chunk.toString()));
  return {
    soFar: () => all,
    type: (keys) => void child.stdin.write(keys),
    shows: async (text) => until(() => all.includes(text) || child.exitCode !== null),
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, all }))),
  };
}
