import { spawn, type ChildProcess } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { jsonl, lines } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { bin, rendermillOf, type Rendermill } from './run.js';

/** On a terminal: a pseudo-terminal of Python's, in which the program cannot tell that nobody sits there. */

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

let world: World;
let rendermill: Rendermill;
beforeAll(async () => {
  world = await createWorld();
  rendermill = await rendermillOf(world);
});
afterAll(async () => {
  await world.close();
  await rm(rendermill.folder, { recursive: true });
});

interface Screen {
  readonly child: ChildProcess;
  readonly type: (keys: string) => void;
  readonly shows: (text: string) => Promise<void>;
  readonly ended: Promise<{ code: number | null; all: string }>;
}

function onTerminal(args: readonly string[], env: Record<string, string> = {}): Screen {
  const child = spawn('python3', ['-c', pty, process.execPath, bin, ...args], {
    env: {
      PATH: process.env['PATH'],
      RENDERMILL_URL: world.url,
      RENDERMILL_API_KEY: world.key,
      XDG_CONFIG_HOME: rendermill.folder,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let all = '';
  child.stdout.on('data', (chunk: Buffer) => (all += chunk.toString()));
  return {
    child,
    type: (keys) => void child.stdin.write(keys),
    shows: async (text) => until(() => all.includes(text) || child.exitCode !== null),
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, all }))),
  };
}

async function input(name: string, count: number, prompt: string): Promise<string> {
  const file = join(rendermill.folder, name);
  await writeFile(file, jsonl(lines(count, prompt)));
  return file;
}
const charged = async (): Promise<number> => (await world.simulator.stats()).charged;

test('what costs money is asked for: no is no', async () => {
  const screen = onTerminal(['submit', await input('no.jsonl', 2, 'no')]);
  await screen.shows('Spend it? [y/N]');
  screen.type('n\r');
  const { code, all } = await screen.ended;
  expect([code, await charged()]).toEqual([3, 0]);
  expect(all).toContain('Nothing was spent.');
});

test('Ctrl-C at the question spends nothing and leaves nothing behind', async () => {
  const screen = onTerminal(['submit', await input('stop.jsonl', 2, 'stop')]);
  await screen.shows('Spend it? [y/N]');
  screen.type('\u0003');
  expect((await screen.ended).code).toBe(130);
  const { body } = await world.call<{ data: unknown[] }>('GET', '/v1/files');
  expect([body.data.length, await charged()]).toEqual([0, 0]);
});

test('yes submits, and a bar is drawn over itself until the batch has ended', async () => {
  const fault = { kind: 'hang_before_headers' } as const;
  await world.simulator.faults([{ when: { promptIncludes: 'yes' }, times: 1, fault }]);
  const screen = onTerminal(['submit', await input('yes.jsonl', 8, 'yes'), '--watch']);
  await screen.shows('Spend it? [y/N]');
  screen.type('y\r');
  await screen.shows(' 87 %');
  await world.simulator.release();
  const { code, all } = await screen.ended;
  expect(code).toBe(0);
  const drawn = all.split('\r\u001b[2K').filter((text) => /^\[#*\.*\] +\d+ %/.test(text));
  expect(drawn.length).toBeGreaterThan(0);
  expect(all).toContain('8 of 8 lines completed');
  // No line is longer than the terminal is wide: it could not be drawn over.
  for (const text of drawn) expect(text.split('\u001b', 1)[0]?.split('\r', 1)[0]?.length).toBeLessThan(100);
});

test('a key that is typed is not shown', async () => {
  const screen = onTerminal(['login', world.url], { RENDERMILL_API_KEY: '' });
  await screen.shows('API key for');
  screen.type(`${world.key}\r`);
  const { code, all } = await screen.ended;
  expect({ code, all }).toMatchObject({ code: 0, all: expect.stringContaining('takes the key') });
  expect(all).not.toContain(world.key);
});
