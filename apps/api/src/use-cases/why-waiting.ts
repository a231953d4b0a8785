import type { Job } from '@rendermill/shared/domain/job';
import { eligibleAccounts, needsOf } from '@rendermill/shared/domain/routing';
import type { ApiDeps } from '../deps.js';

/** Why nobody serves a queued job now, where every account that could is set aside; else null. For people. */
export async function whyWaiting(deps: ApiDeps, job: Job): Promise<string | null> {
  if (job.status !== 'queued') return null;
  const eligible = eligibleAccounts(deps.accounts, needsOf(job));
  const parked: string[] = [];
  for (const account of eligible) {
    const state = await deps.accountState(account);
    if (state.parked === null) return null;
    parked.push(`the account ${account.id} is parked until ${isoTime(state.parked.until)} (${state.parked.reason})`);
  }
  return parked.length === 0 ? null : parked.join('; ');
}

const isoTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
