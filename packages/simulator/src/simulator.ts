import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { LedgerEntry } from './books/ledger.js';
import type { Stats } from './books/stats.js';
import type { FaultRule } from './faults/rules.js';
import { resolveOptions, type SimulatorOptions } from './options.js';
import { serve } from './server/routes.js';
import { openShop, resetShop } from './server/shop.js';
import { visitOf } from './server/visit.js';

/** A running provider. */
export interface Simulator {
  /** Base URL for clients, ending in `/v1`. */
  readonly url: string;
  readonly port: number;
  /** What it charged, oldest first; live. */
  readonly ledger: readonly LedgerEntry[];
  /** Counts at this moment. */
  readonly stats: Stats;
  /** Replaces every fault rule. Throws a ZodError for a rule that makes no sense. */
  setFaults(rules: readonly FaultRule[]): void;
  /** Lets every hanging answer go on; how many there were. */
  release(): number;
  /** No faults, empty ledger and counts, no results; numbers start at 1 again. */
  reset(): void;
  /** Breaks every connection and waits until nothing is left running. */
  close(): Promise<void>;
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the simulator listens on no port');
  return address.port;
}

/** An unexpected error is a bug of ours: it is told to the client and to whoever runs the process. */
function reportBug(error: unknown, response: ServerResponse): void {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(`simulator: ${message}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message, type: 'simulator_bug', param: null, code: 'simulator_bug' } }));
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const resolved = resolveOptions(options);
  const shop = openShop(resolved);
  const closing = new AbortController();
  // Every waiting answer listens to it.
  setMaxListeners(0, closing.signal);
  const running = new Set<Promise<void>>();

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await serve(shop, visitOf(request, response, { holds: shop.holds, closing: closing.signal }));
    } catch (error) {
      if (!closing.signal.aborted) reportBug(error, response);
    }
  };
  const server = createServer((request, response) => {
    const visit = handle(request, response).finally(() => running.delete(visit));
    running.add(visit);
  });
  // Longer than any client keeps a connection: a request must never meet one that is being closed.
  server.keepAliveTimeout = 120_000;
  const port = await listen(server, resolved.port, resolved.host);

  return {
    url: `http://${resolved.host.includes(':') ? `[${resolved.host}]` : resolved.host}:${port}/v1`,
    port,
    ledger: shop.ledger.entries,
    get stats() {
      return shop.counters.snapshot(shop.holds.count);
    },
    setFaults: (rules) => shop.rules.set(rules),
    release: () => shop.holds.release(),
    reset: () => resetShop(shop),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      closing.abort();
      shop.holds.release();
      server.closeAllConnections();
      await closed;
      await Promise.all(running);
    },
  };
}
