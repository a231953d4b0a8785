import { accountBook, booksOf } from '@rendermill/shared/adapters/redis/books';
import type { Account } from '@rendermill/shared/domain/accounts';
import { callsOf, offersFor, secondsAt, type Offer } from '@rendermill/shared/domain/estimates';
import type { JobBody } from '@rendermill/shared/domain/request-body';
import { route } from '@rendermill/shared/domain/routing-class';
import { inputTokens, type InputTokens } from '@rendermill/shared/domain/tokens';
import { groupUsage, meanResponseMs } from '@rendermill/shared/domain/usage-report';
import type { ApiDeps, Caller } from '../deps.js';
import type { ReceivedBody } from '../http/receive-body.js';
import { ingestInputs } from './ingest-inputs.js';
import { planCallersJob } from './plan-job.js';
import { waitingByAccount, waitingJobs } from './waiting-jobs.js';

/** What a job would cost and how long it would take: every check of a real one, nothing stored, nothing bought. */
export interface JobEstimate {
  readonly model: string;
  readonly images: number;
  readonly calls: number;
  /** Tokens that go in for each image. */
  readonly input: InputTokens;
  readonly offers: readonly Offer[];
  /** Null where no call of this model has been timed lately. */
  readonly seconds: number | null;
}

/** Days over which a mean response time is taken. */
const recentDays = 7;

export async function estimateJob(
  deps: ApiDeps,
  caller: Caller,
  body: ReceivedBody,
  job: JobBody,
): Promise<JobEstimate> {
  const { request, images, model } = await planCallersJob(deps, caller, job);
  const ingested = await ingestInputs(deps, caller.project, body, images, job.mask ?? null, request.mask_from);
  const inputs = ingested.images.map((input) => ('url' in input ? unseen : input.facts));
  const wanted = { model, type: job.type, request, inputs };
  const routed = { ...wanted, mode: caller.mode, provider: job.provider ?? null, mask: ingested.mask };
  const { eligible, routing } = route(deps.accounts, routed, deps.prefer);
  const calls = callsOf(request, routing);
  return {
    model,
    images: request.n,
    calls,
    input: inputTokens(wanted),
    offers: offersFor(eligible, wanted),
    seconds: await secondsFor(deps, caller, model, eligible, calls),
  };
}

/** An image that a worker will fetch: nothing is known of it yet. */
export const unseen = { width: null, height: null };

/** At the account that comes first, of those whose response time is known. */
async function secondsFor(
  deps: ApiDeps,
  caller: Caller,
  model: string,
  eligible: readonly Account[],
  calls: number,
): Promise<number | null> {
  const means = await meanTimes(deps, caller, model);
  const account = eligible.find(({ id }) => means.has(id));
  const mean = account && means.get(account.id);
  if (!account || mean === undefined) return null;
  const states = await Promise.all(booksOf(account, model).map(async (book) => deps.accountState(book)));
  const concurrency = Math.min(...states.map((state) => state.concurrency));
  return secondsAt(concurrency, calls, await ahead(deps, account), mean);
}

/** By account id, of what was timed lately. */
export async function meanTimes(deps: ApiDeps, caller: Caller, model: string): Promise<Map<string, number>> {
  const today = Math.floor(Date.now() / 86_400_000);
  const rows = await deps.usage.read(caller.project, today - recentDays + 1, today);
  const fitting = rows.filter((row) => row.model === model);
  const means = new Map<string, number>();
  for (const { provider, counts } of groupUsage(fitting, ['provider'])) {
    const mean = meanResponseMs(counts);
    if (provider !== null && mean !== null) means.set(provider, mean);
  }
  return means;
}

/** Calls in flight there, and jobs that wait for it. */
export async function ahead(deps: ApiDeps, account: Account): Promise<number> {
  const [state, waiting] = await Promise.all([deps.accountBooks.read(accountBook(account)), waitingJobs(deps)]);
  return state.calls + (waitingByAccount(waiting).get(account.id) ?? 0);
}
