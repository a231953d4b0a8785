import { startSimulator } from '@rendermill/simulator';
import type { Account } from '@rendermill/shared/domain/accounts';
import type { Lifecycle } from '@rendermill/shared/observability/lifecycle';

/**
 * The accounts by id. An account of the simulator without an address gets one of its own, inside this process: it is
 * what test keys reach, and what an installation without a provider key renders with.
 */
export async function connectAccounts(
  accounts: readonly Account[],
  lifecycle: Lifecycle,
): Promise<Map<string, Account>> {
  const connected = new Map<string, Account>();
  let builtIn: string | null = null;
  for (const account of accounts) {
    if (account.preset.id !== 'simulator' || account.baseUrl !== '') {
      connected.set(account.id, account);
      continue;
    }
    if (builtIn === null) {
      const simulator = await startSimulator({ latencyMs: { min: 600, max: 1_400 } });
      lifecycle.onClose('simulator', () => simulator.close());
      builtIn = simulator.url;
    }
    connected.set(account.id, { ...account, baseUrl: builtIn, apiKey: account.apiKey || 'simulator' });
  }
  return connected;
}
