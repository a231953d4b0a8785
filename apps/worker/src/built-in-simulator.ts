import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Account } from '@rendermill/shared/domain/accounts';
import type { Lifecycle } from '@rendermill/shared/observability/lifecycle';

/** How long the built-in simulator takes for a picture, in milliseconds: like a quick model, so that progress shows. */
const latency = '700-1600';

/**
 * Where an account is reached. One of the simulator without an address gets a simulator of its own at its first call:
 * it is what test keys reach, and what an installation without a provider key renders with.
 */
export function addresses(lifecycle: Lifecycle): (account: Account) => Promise<string> {
  let builtIn: Promise<string> | null = null;
  return async (account) => {
    if (account.preset.id !== 'simulator' || account.baseUrl !== '') return account.baseUrl;
    builtIn ??= startSimulator(lifecycle);
    return builtIn;
  };
}

/**
 * In a process of its own, as a provider is one: it draws with loaders that this process keeps shut, and its work
 * does not hold up ours. It ends with this process, however that ends.
 */
async function startSimulator(lifecycle: Lifecycle): Promise<string> {
  const main = fileURLToPath(import.meta.resolve('@rendermill/simulator/main'));
  const child = fork(main, ['--port', '0', '--latency', latency], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  lifecycle.onClose('simulator', async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(impatience);
  });
  let told = '';
  for await (const chunk of child.stdout ?? []) {
    told += String(chunk);
    const url = /(http:\/\/\S+)/.exec(told)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`the built-in simulator ended before it was ready: ${told}`);
}
