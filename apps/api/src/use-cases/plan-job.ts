import { planJob, type Plan } from '@rendermill/shared/domain/plan';
import type { JobBody } from '@rendermill/shared/domain/request-body';
import type { ApiDeps, Caller } from '../deps.js';
import { requireWebhookUrl } from './webhook-url.js';

export interface PlannedJob extends Plan {
  readonly webhookUrl: string | null;
}

/** The plan of a caller's job. Nothing is stored. `previews`: partial images that a streaming caller wants. */
export async function planCallersJob(deps: ApiDeps, caller: Caller, job: JobBody, previews = 0): Promise<PlannedJob> {
  const plan = planJob(deps.accounts, caller.mode, job, previews);
  const webhookUrl = job.webhook_url == null ? null : await requireWebhookUrl(deps, job.webhook_url, 'webhook_url');
  return { ...plan, webhookUrl };
}
