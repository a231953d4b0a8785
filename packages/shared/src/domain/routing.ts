import { modelLimits, providerModel, type Account } from './accounts.js';
import { callCost, imageEstimate, type Price, type Wanted } from './costs.js';
import { RendermillError } from './errors.js';
import { modelRow } from './models.js';
import { servedAs, type RoutingNeeds } from './needs.js';
import { requestFault } from './request-fault.js';
import type { Usage } from './usage.js';

/** The accounts that could serve a job, best first. A test job is served by the simulator and by nothing else. */
export function eligibleAccounts(accounts: readonly Account[], needs: RoutingNeeds): Account[] {
  return accounts
    .filter((account) => account.modes.includes(needs.mode))
    .filter((account) => needs.provider === null || account.id === needs.provider)
    .filter((account) => sells(account, needs))
    .filter((account) => needs.probe === true || !needs.request || requestFault(account, needs) === null)
    .sort((a, b) => a.priority - b.priority || b.weight - a.weight || (a.id < b.id ? -1 : 1));
}

function sells(account: Account, { model, operation }: RoutingNeeds): boolean {
  return providerModel(account, model) !== null && servedAs(account, operation, model) !== null;
}

/** The same, or the error that says which part of the request nobody can serve. */
export function requireAccounts(accounts: readonly Account[], needs: RoutingNeeds): Account[] {
  const eligible = eligibleAccounts(accounts, needs);
  if (eligible.length > 0) return eligible;
  const { request, ...others } = needs;
  const faults = request
    ? eligibleAccounts(accounts, others).flatMap((account) => requestFault(account, needs) ?? [])
    : [];
  if (faults[0]) throw new RendermillError('invalid_parameter', faults.join('; '), { param: faults[0].split(':')[0] });
  if (needs.provider !== null && !accounts.some((account) => account.id === needs.provider)) {
    const ids = accounts.map((account) => account.id).join(', ');
    throw new RendermillError(
      'invalid_parameter',
      `there is no provider account '${needs.provider}'; configured: ${ids}`,
      {
        param: 'provider',
      },
    );
  }
  throw new RendermillError(
    'model_not_found',
    `The model '${needs.model}' does not exist, or no configured provider account offers it; GET /v1/models lists what they do`,
    { param: 'model' },
  );
}

/** How a job's images are split over calls: `call` k makes these indexes. Fixed by the request, so that a cap can count per call. */
export function plannedCalls(n: number, maxImagesPerCall: number): number[][] {
  const calls: number[][] = [];
  for (let first = 0; first < n; first += maxImagesPerCall) {
    calls.push(Array.from({ length: Math.min(maxImagesPerCall, n - first) }, (_, i) => first + i));
  }
  return calls;
}

/** What one image is expected to cost at an account, or null. */
export function imagePriceAt(account: Account, wanted: Wanted): Price | null {
  return imageEstimate(account.prices[wanted.model], wanted);
}

/** Micro-dollars that a request is expected to cost at an account, or null. */
export function estimateAt(account: Account, wanted: Wanted): number | null {
  const price = imagePriceAt(account, wanted);
  return price && price.micros * wanted.request.n;
}

/** What a call at an account cost, or null where its price is unknown. */
export function costAt(account: Account, wanted: Wanted, images: number, usage: Usage | null): Price | null {
  return callCost(account.prices[wanted.model], wanted, images, usage);
}

/**
 * How many images of a job of n one call makes: what every account that could serve it can do. A limit that is
 * smaller than one call would never have room for it.
 */
function imagesPerCall(eligible: readonly Account[], model: string, n: number): number {
  const most = eligible.flatMap((account) => [
    account.preset.maxImagesPerCall,
    ...[account.limits, modelLimits(account, model)].flatMap((limits) => [
      limits.images_per_minute ?? Infinity,
      limits.images_per_month ?? Infinity,
    ]),
  ]);
  return Math.min(n, modelRow(model)?.imagesPerCall ?? n, ...most);
}

/**
 * The same for a job, by what the accounts are configured to do. What is found out about them meanwhile takes none of
 * them out of this count: the cap on paid attempts counts by planned call, and another split would begin to count anew.
 */
export function splitOf(accounts: readonly Account[], needs: RoutingNeeds, n: number): number {
  const configured = accounts.map((account) => ({ ...account, findings: {} }));
  return imagesPerCall(eligibleAccounts(configured, needs), needs.model, n);
}
