import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Listens for a moment; returns the port, or why not. */
function tryPort(host: string, port: number): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const got = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(got));
    });
  });
}

/** A port that nobody listens on. */
export async function freePort(host: string): Promise<number> {
  const port = await tryPort(host, 0);
  if (typeof port !== 'number')
    throw new Error(`no port of ${host} can be listened on: ${port.message}`, { cause: port });
  return port;
}

/**
 * Throws, with what to type, where the API could not listen. Asked before anything is started. `patienceMs`: how long
 * to wait for an API that outlived its launcher and is about to end.
 */
export async function assertPortFree(host: string, port: number, patienceMs: number): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const result = await tryPort(host, port);
    if (typeof result === 'number') return;
    if (result.code === 'EADDRINUSE' && Date.now() < until) {
      await sleep(200);
      continue;
    }
    throw new Error(await explain(host, port, result), { cause: result });
  }
}

async function explain(host: string, port: number, error: NodeJS.ErrnoException): Promise<string> {
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return `HOST=${host} is no address of this machine (${error.code}).`;
  const what =
    error.code === 'EADDRINUSE'
      ? 'is taken by another program'
      : `cannot be listened on (${error.code ?? error.message})`;
  for (let other = Math.max(port, 1_024) + 1; other < Math.min(port + 100, 65_536); other++) {
    if (typeof (await tryPort(host, other)) === 'number') {
      return `Port ${port} of ${host} ${what}. Choose another: PORT=${other} npm start`;
    }
  }
  return `Port ${port} of ${host} ${what}. Choose another: PORT=0 npm start takes a free one.`;
}
