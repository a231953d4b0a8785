import type { AttemptRefusal } from '@rendermill/shared/adapters/redis/ledger';
import type { Job } from '@rendermill/shared/domain/job';
import { failed, inSpan, spanKind } from '@rendermill/shared/observability/tracing';
import type { Order, Purchase } from './buy-pictures.js';

type Bought = Purchase | AttemptRefusal | 'lapsed';

/** An attempt in its job's trace, with what it came to. */
export async function inAttemptSpan(job: Job, order: Order, work: () => Promise<Bought>): Promise<Bought> {
  const { account, indexes, call } = order;
  const attributes = {
    'gen_ai.provider.name': account.preset.id,
    'gen_ai.request.model': job.model,
    'rendermill.provider': account.id,
    'rendermill.call': call,
    'rendermill.images': indexes.length,
  };
  return inSpan(`attempt ${job.model}`, { kind: spanKind.client, attributes }, async (span) => {
    const bought = await work();
    if (typeof bought === 'string') {
      span.setAttribute('rendermill.outcome', bought);
      return bought;
    }
    const { number, settlement } = bought.attempt;
    span.setAttributes({
      'rendermill.attempt': number,
      'rendermill.outcome': settlement?.outcome ?? 'unknown',
      ...(settlement?.http_status ? { 'http.response.status_code': settlement.http_status } : {}),
      ...(settlement?.request_id ? { 'rendermill.provider_request_id': settlement.request_id } : {}),
      ...(settlement?.cost == null ? {} : { 'rendermill.cost_usd': settlement.cost / 1_000_000 }),
    });
    if (bought.verdict) {
      span.setAttribute('error.type', bought.verdict.code);
      failed(span, bought.verdict.message);
    }
    return bought;
  });
}
