import { codeIn, type AccountChange, type AccountNews } from '@rendermill/shared/domain/account-news';
import type { WorkerDeps } from '../deps.js';

/** What has changed about an account, for people: a log line and a metric. Only the worker whose call did it tells. */
export function tellChange(
  { log, metrics }: Pick<WorkerDeps, 'log' | 'metrics'>,
  provider: string,
  model: string | null,
  change: AccountChange,
  news: AccountNews,
): void {
  const reason = codeIn(news.reason);
  metrics.accountChanges.inc({ provider, change: change.kind });
  const whose = change.about === 'model' ? { provider, model } : { provider };
  if (change.kind === 'recovered') log.info(whose, 'account.recovered');
  else if (change.kind === 'slowed') log.warn({ ...whose, reason, concurrency: change.value }, 'account.slowed');
  else log.warn({ ...whose, reason, rest_ms: change.value }, `account.${change.kind}`);
}
