import type { AccountUse, Spend } from '@rendermill/shared/adapters/redis/account-books';
import type { AccountState } from '@rendermill/shared/adapters/redis/account-state';
import type { Account } from '@rendermill/shared/domain/accounts';
import { dollars } from '@rendermill/shared/domain/prices';
import { waitingJobs } from '../../use-cases/waiting-jobs.js';
import { page } from '../list-query.js';
import { providerObject } from '../provider-schema.js';
import { sendJson, type Context, type Route } from '../route.js';
import { listOf } from '../schemas.js';

/** `/v1/providers`: how each configured account stands, over all workers. */

async function list({ deps, caller, response }: Context): Promise<void> {
  const accounts = deps.accounts.filter((account) => account.modes.includes(caller.mode));
  const waiting = await waitingJobs(deps);
  const rows = await Promise.all(
    accounts.map(async (account) => {
      const [use, state] = await Promise.all([deps.accountBooks.read(account.id), deps.accountState(account)]);
      return present(account, use, state, waiting.get(account.id) ?? 0);
    }),
  );
  sendJson(response, 200, page(rows, false));
}

function present(account: Account, use: AccountUse, state: AccountState, waiting: number) {
  const { id, preset, limits, models, priority, weight } = account;
  const counted = (limit: number | null, count: number): number | null => (limit === null ? null : count);
  return {
    id,
    object: 'provider',
    preset: preset.id,
    name: preset.name,
    // The address may hold more than a host, and more than may be shown.
    base_url_host: account.baseUrl === '' ? null : new URL(account.baseUrl).host,
    models: models === 'any' ? 'any' : Object.keys(models),
    operations: preset.operations,
    priority,
    weight,
    limits: { ...limits, concurrency: state.concurrency, requests_per_minute: state.requestsPerMinute },
    configured_limits: limits,
    in_use: {
      calls: use.calls,
      requests_last_minute: counted(limits.requests_per_minute, use.requestsLastMinute),
      requests_today: counted(limits.requests_per_day, use.requestsToday),
      images_last_minute: counted(limits.images_per_minute, use.imagesLastMinute),
      images_this_month: counted(limits.images_per_month, use.imagesThisMonth),
    },
    waiting_jobs: waiting,
    cooldown_seconds: state.coolDownMs === 0 ? null : state.coolDownMs / 1_000,
    circuit: state.circuit,
    parked: state.parked && {
      reason: state.parked.reason,
      since: Math.floor(state.parked.since / 1_000),
      until: Math.floor(state.parked.until / 1_000),
    },
    spend_today: {
      currency: 'USD',
      billed: presentSpend(use.spentToday.billed),
      unknown: presentSpend(use.spentToday.unknown),
    },
    last_error: use.lastFault && { ...use.lastFault, at: Math.floor(use.lastFault.at / 1_000) },
  };
}

const presentSpend = ({ cost, unpriced }: Spend) => ({ cost: dollars(cost), unpriced });

export const providerRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/providers',
    operationId: 'listProviders',
    summary: 'The configured provider accounts: limits and their use, pauses, spend, the last error.',
    tag: 'Money',
    answers: { 200: { description: 'All of them, on one page.', schema: listOf(providerObject) } },
    handle: list,
  },
];
