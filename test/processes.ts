import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** API and worker as processes of their own, from their compiled code, so that they can be killed. */
export interface AppProcess {
  readonly child: ChildProcess;
  /** For the API: its address. */
  readonly url: string | undefined;
  readonly log: string[];
  readonly kill: (signal: NodeJS.Signals) => Promise<number | null>;
}

const mains = {
  api: fileURLToPath(new URL('../apps/api/dist/main.js', import.meta.url)),
  worker: fileURLToPath(new URL('../apps/worker/dist/main.js', import.meta.url)),
};

export async function startApp(app: 'api' | 'worker', env: NodeJS.ProcessEnv): Promise<AppProcess> {
  const child = spawn(process.execPath, [mains[app]], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  const ready = await new Promise<{ url?: string }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { url?: string }));
    child.once('exit', (code) => reject(new Error(`${app} ended with ${code}:\n${log.join('')}`)));
  });
  return {
    child,
    url: ready.url,
    log,
    kill: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
      child.kill(signal);
      return ended;
    },
  };
}
