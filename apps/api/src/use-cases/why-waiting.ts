import { booksOf } from '@rendermill/shared/adapters/redis/books';
import type { Job } from '@rendermill/shared/domain/job';
import { eligibleAccounts } from '@rendermill/shared/domain/routing';
import { needsOf } from '@rendermill/shared/domain/routing-class';
import type { ApiDeps } from '../deps.js';

/** Why nobody serves a queued job now, where every account that could is set aside; else null. For people. */
export async function whyWaiting(deps: ApiDeps, job: Job): Promise<string | null> {
  if (job.status !== 'queued') return null;
  const { model } = job;
  const eligible = eligibleAccounts(deps.accounts, needsOf(job));
  const parked: string[] = [];
  for (const account of eligible) {
    const [own, apart] = await Promise.all(booksOf(account, model).map(async (book) => deps.accountState(book)));
    const rest = own?.parked ?? apart?.parked;
    if (!rest) return null;
    const what = own?.parked ? `the account ${account.id}` : `${model} at the account ${account.id}`;
    parked.push(`${what} is parked until ${isoTime(rest.until)} (${rest.reason})`);
  }
  return parked.length === 0 ? null : parked.join('; ');
}

const isoTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
