import type { Workshop } from '../answers/order.js';
import { Counters } from '../books/stats.js';
import { Gate } from '../books/limits.js';
import { Ledger } from '../books/ledger.js';
import { Links } from '../books/links.js';
import { Tasks } from '../books/tasks.js';
import { FaultRules } from '../faults/rules.js';
import { between, randomFrom } from '../images/random.js';
import { Studio } from '../images/studio.js';
import type { ResolvedOptions } from '../options.js';
import type { ImageRequest } from '../requests/image-request.js';
import { Holds } from './holds.js';

/** Everything that a simulator owns. */
export interface Shop extends Workshop {
  readonly options: ResolvedOptions;
  readonly ledger: Ledger;
  readonly counters: Counters;
  readonly gate: Gate;
  readonly rules: FaultRules;
  readonly holds: Holds;
  latencyOf(request: ImageRequest): number;
}

function latencies({ latencyMs, seed }: ResolvedOptions): Shop['latencyOf'] {
  if (typeof latencyMs === 'number') return () => latencyMs;
  if (typeof latencyMs === 'function') return latencyMs;
  const random = randomFrom(`latency ${seed}`);
  return () => between(random, latencyMs.min, latencyMs.max);
}

export function openShop(options: ResolvedOptions): Shop {
  const rules = new FaultRules(options.seed);
  rules.set(options.faults);
  return {
    options,
    ledger: new Ledger(options.ledgerLimit),
    counters: new Counters(),
    gate: new Gate(options.limits),
    rules,
    holds: new Holds(),
    studio: new Studio(options.images),
    links: new Links(options.urlTtlMs, options.linkBytes),
    tasks: new Tasks(),
    style: options.answers,
    latencyOf: latencies(options),
  };
}

/** A new day: no faults, empty books, no results. Requests at work end as they began. */
export function resetShop(shop: Shop): void {
  shop.rules.set([]);
  shop.holds.release();
  for (const part of [shop.ledger, shop.counters, shop.gate, shop.links, shop.tasks]) part.reset();
}
