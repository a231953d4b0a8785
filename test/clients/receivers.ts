import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The receivers of examples/webhooks, one for each language, started as their first lines say. */
const folder = fileURLToPath(new URL('../../examples/webhooks', import.meta.url));

interface Language {
  readonly file: string;
  /** Programs without which it cannot run. */
  readonly needs: readonly string[];
  readonly command: (port: number, dir: string) => readonly [string, ...string[]];
  /** Said when it is ready. Those that take no port 0 are told a free one. */
  readonly ready: RegExp;
  readonly choosesPort: boolean;
}

/** Built first, so that the process which is ended is the receiver itself. */
function goBuild(dir: string): string {
  const env = { PATH: process.env['PATH'], HOME: dir, GOCACHE: join(dir, 'cache') };
  execFileSync('go', ['build', '-o', join(dir, 'receiver'), 'go.go'], { cwd: folder, env });
  return join(dir, 'receiver');
}

const listening = /listening on (http:\S+)/i;
export const languages: Readonly<Record<string, Language>> = {
  node: {
    file: 'node.mjs',
    needs: [],
    command: () => [process.execPath, 'node.mjs'],
    ready: listening,
    choosesPort: true,
  },
  python: {
    file: 'python.py',
    needs: ['python3'],
    command: () => ['python3', 'python.py'],
    ready: listening,
    choosesPort: true,
  },
  go: { file: 'go.go', needs: ['go'], command: (_, dir) => [goBuild(dir)], ready: listening, choosesPort: true },
  php: {
    file: 'php.php',
    needs: ['php'],
    command: (port) => ['php', '-S', `127.0.0.1:${port}`, 'php.php'],
    ready: /Development Server \((http:[^)]+)\) started/,
    choosesPort: false,
  },
  ruby: {
    file: 'ruby.ru',
    needs: ['ruby', 'rackup'],
    command: (port) => ['rackup', '-o', '127.0.0.1', '-p', String(port), 'ruby.ru'],
    ready: /(?:Listening on|WEBrick.*pid.*port)/i,
    choosesPort: false,
  },
};

/** True where this machine has what the receiver needs; where not, it is said aloud. */
export function hasLanguage({ file, needs }: Language): boolean {
  const missing = needs.filter((program) => {
    try {
      execFileSync('which', [program], { stdio: 'pipe' });
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length > 0)
    process.stderr.write(`WEBHOOK EXAMPLE NOT RUN: examples/webhooks/${file} needs ${missing.join(', ')}\n`);
  return missing.length === 0;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface Running {
  readonly url: string;
  /** What it has said since it was ready. */
  readonly said: string[];
  readonly close: () => Promise<void>;
}

/** What it said instead, where it ended without listening. */
export async function startLanguage(language: Language, secret: string): Promise<Running | string> {
  const dir = await mkdtemp(join(tmpdir(), 'rendermill-receiver-'));
  const port = language.choosesPort ? 0 : await freePort();
  const [program, ...args] = language.command(port, dir);
  const env = { PATH: process.env['PATH'], HOME: dir, PORT: String(port), RENDERMILL_WEBHOOK_SECRET: secret };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill();
    await exited;
    await rm(dir, { recursive: true, force: true });
  };
  const said: string[] = [];
  const url = await Promise.race([heard(child, language.ready, said), exited.then(() => null)]);
  if (url !== null) return { url: url || `http://127.0.0.1:${port}`, said, close };
  await close();
  return said.join('\n');
}

/** The address in the line that says it is ready; every later line goes to `said`. */
async function heard(child: ChildProcess, ready: RegExp, said: string[]): Promise<string> {
  return new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) throw new Error('the receiver has no output');
      createInterface({ input: stream }).on('line', (line) => {
        const found = ready.exec(line);
        if (found) resolve(found[1] ?? '');
        else said.push(line);
      });
    }
  });
}
