import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FaultRule, LedgerEntry, Stats } from '@rendermill/simulator';

/** The provider simulator in a process of its own, as a provider is: its ledger shares nothing with ours. */
export interface SimulatorProcess {
  /** `http://127.0.0.1:port/v1` */
  readonly url: string;
  readonly ledger: () => Promise<LedgerEntry[]>;
  readonly stats: () => Promise<Stats>;
  readonly faults: (rules: readonly FaultRule[]) => Promise<void>;
  /** Lets go of requests that hang. */
  readonly release: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const main = fileURLToPath(new URL('../packages/simulator/dist/main.js', import.meta.url));

export async function startSimulatorProcess(args: readonly string[] = []): Promise<SimulatorProcess> {
  // By the channel it ends with the test process, however that ends.
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'] as const;
  const child = spawn(process.execPath, [main, '--port', '0', ...args], { stdio: [...stdio] });
  const url = await firstUrl(child);
  const control = url.replace(/\/v1$/, '/_sim');
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(control + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`simulator ${path}: ${response.status} ${text}`);
    return text === '' ? null : (JSON.parse(text) as unknown);
  };
  return {
    url,
    ledger: async () => ((await ask('GET', '/ledger')) as { entries: LedgerEntry[] }).entries,
    stats: async () => (await ask('GET', '/stats')) as Stats,
    faults: async (rules) => {
      await ask('POST', '/faults', { rules });
    },
    release: async () => {
      await ask('POST', '/release');
    },
    close: async () => stop(child),
  };
}

async function firstUrl(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    const url = /(http:\/\/\S+\/v1)/.exec(text)?.[1];
    if (url) {
      child.stdout?.resume();
      return url;
    }
  }
  throw new Error(`the simulator ended before it was ready: ${text}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
