import type { AccountUse, Spend } from '@rendermill/shared/adapters/redis/account-books';
import type { AccountState } from '@rendermill/shared/adapters/redis/account-state';
import { accountBook, modelBook, type Book } from '@rendermill/shared/adapters/redis/books';
import { modelsApart, type Account } from '@rendermill/shared/domain/accounts';
import type { Limits } from '@rendermill/shared/domain/presets/preset';
import { dollars } from '@rendermill/shared/domain/prices';
import type { ApiDeps } from '../../deps.js';
import { requireAccount } from '../../use-cases/plan-probe.js';
import { waitingByAccount, waitingJobs } from '../../use-cases/waiting-jobs.js';
import { page } from '../list-query.js';
import { presentFindings, presentProbe } from '../present-probe.js';
import { providerObject } from '../provider-schema.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, listOf } from '../schemas.js';

/** `/v1/providers`: how each configured account stands, over all workers. */

async function list({ deps, caller, response }: Context): Promise<void> {
  const accounts = deps.accounts.filter((account) => account.modes.includes(caller.mode));
  const waiting = waitingByAccount(await waitingJobs(deps));
  const rows = await Promise.all(accounts.map(async (account) => describe(deps, account, waiting)));
  sendJson(response, 200, page(rows, false));
}

async function get({ deps, caller, response, params }: Context): Promise<void> {
  const account = requireAccount(deps, caller, params['id'] ?? '');
  sendJson(response, 200, await describe(deps, account, waitingByAccount(await waitingJobs(deps))));
}

async function describe(deps: ApiDeps, account: Account, waiting: ReadonlyMap<string, number>) {
  const [standing, models, profile] = await Promise.all([
    read(deps, accountBook(account)),
    readModels(deps, account),
    // What is shown is what this process goes by from now on.
    deps.live.read(account.id),
  ]);
  return {
    ...present(account, standing, models, waiting.get(account.id) ?? 0),
    accepts: account.accepts,
    profile: presentFindings(profile.findings, account, Date.now()),
    probe: profile.probe && (await presentProbe(deps, account, profile.probe)),
  };
}

/** How an account, or a model that it counts apart, stands and is used. */
interface Standing {
  readonly limits: Limits;
  readonly use: AccountUse;
  readonly state: AccountState;
}

type ModelStanding = Standing & { readonly model: string };

async function read(deps: ApiDeps, book: Book): Promise<Standing> {
  const [use, state] = await Promise.all([deps.accountBooks.read(book), deps.accountState(book)]);
  return { limits: book.limits, use, state };
}

/** Those with limits of their own, configured or learned. */
async function readModels(deps: ApiDeps, account: Account): Promise<ModelStanding[]> {
  const rows = await Promise.all(
    modelsApart(account).map(async (model) => {
      const book = modelBook(account, model);
      return book ? [{ model, ...(await read(deps, book)) }] : [];
    }),
  );
  return rows.flat().filter(({ model, limits, state }) => {
    const learned = state.concurrency < limits.concurrency || state.requestsPerMinute !== limits.requests_per_minute;
    return Object.hasOwn(account.limits.per_model, model) || learned || state.parked !== null || state.coolDownMs > 0;
  });
}

function present(account: Account, standing: Standing, models: readonly ModelStanding[], waiting: number) {
  const { id, preset, priority, weight } = account;
  const { use, state } = standing;
  return {
    id,
    object: 'provider',
    preset: preset.id,
    name: preset.name,
    // The address may hold more than a host, and more than may be shown.
    base_url_host: account.baseUrl === '' ? null : new URL(account.baseUrl).host,
    models: account.models === 'any' ? 'any' : Object.keys(account.models),
    operations: preset.operations,
    priority,
    weight,
    ...presentStanding(standing),
    per_model: models.map((row) => ({ model: row.model, ...presentStanding(row) })),
    waiting_jobs: waiting,
    circuit: state.circuit,
    spend_today: {
      currency: 'USD',
      billed: presentSpend(use.spentToday.billed),
      unknown: presentSpend(use.spentToday.unknown),
    },
    last_error: use.lastFault && { ...use.lastFault, at: Math.floor(use.lastFault.at / 1_000) },
  };
}

function presentStanding({ limits, use, state }: Standing) {
  const { concurrency, requests_per_minute, burst, requests_per_day, images_per_minute, images_per_month } = limits;
  const configured = {
    concurrency,
    requests_per_minute,
    burst,
    requests_per_day,
    images_per_minute,
    images_per_month,
  };
  const counted = (limit: number | null, count: number): number | null => (limit === null ? null : count);
  return {
    limits: { ...configured, concurrency: state.concurrency, requests_per_minute: state.requestsPerMinute },
    configured_limits: configured,
    in_use: {
      calls: use.calls,
      requests_last_minute: counted(state.requestsPerMinute, use.requestsLastMinute),
      requests_today: counted(requests_per_day, use.requestsToday),
      images_last_minute: counted(images_per_minute, use.imagesLastMinute),
      images_this_month: counted(images_per_month, use.imagesThisMonth),
    },
    cooldown_seconds: state.coolDownMs === 0 ? null : state.coolDownMs / 1_000,
    parked: state.parked && {
      reason: state.parked.reason,
      since: Math.floor(state.parked.since / 1_000),
      until: Math.floor(state.parked.until / 1_000),
    },
  };
}

const presentSpend = ({ cost, unpriced }: Spend) => ({ cost: dollars(cost), unpriced });

export const providerRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/providers',
    operationId: 'listProviders',
    access: 'operator',
    summary: 'The configured provider accounts: limits and their use, pauses, spend, the last error.',
    tag: 'Money',
    answers: { 200: { description: 'All of them, on one page.', schema: listOf(providerObject) } },
    handle: list,
  },
  {
    method: 'get',
    path: '/v1/providers/{id}',
    operationId: 'getProvider',
    access: 'operator',
    summary: 'One provider account, with what was found out about it.',
    tag: 'Money',
    answers: {
      200: { description: 'The account.', schema: providerObject },
      404: { description: 'There is no such account.', schema: errorSchema },
    },
    handle: get,
  },
];
