import type { Account } from './accounts.js';
import { RendermillError } from './errors.js';
import { leftOut, type NotCounted, type Price, type Wanted } from './costs.js';
import type { JobRequest } from './job-request.js';
import { estimateAt, imagePriceAt, plannedCalls } from './routing.js';
import type { RoutingClass } from './routing-class.js';

/** What a job is expected to cost and take, before anything is bought. */
export interface Offer {
  readonly account: Account;
  /** For all images, or null where it is unknown. */
  readonly price: Price | null;
  /** What the price leaves out. */
  readonly excludes: readonly NotCounted[];
}

/** What each account that could serve a request would charge; at least one of them is known, or it is an error. */
export function offersFor(eligible: readonly Account[], wanted: Wanted): Offer[] {
  const { model, request } = wanted;
  const offers = eligible.map((account): Offer => {
    const row = account.prices[model];
    const price = imagePriceAt(account, wanted);
    if (!row || !price) return { account, price: null, excludes: [] };
    return { account, price: { ...price, micros: price.micros * request.n }, excludes: leftOut(row, wanted) };
  });
  if (offers.some(({ price }) => price !== null)) return offers;
  const reasons = eligible.map((account) => `at '${account.id}' ${missing(account, model, request)}`);
  const message = `What '${model}' costs is not known: ${reasons.join('; ')}. Accounts are configured in RENDERMILL_CONFIG.`;
  throw new RendermillError('price_unknown', message, { param: 'model' });
}

/**
 * Micro-dollars that a job is expected to cost: at its cheapest account, or null where no price is known. Within a limit
 * any account may get it: at the dearest then, and an error where one's price is unknown, since what it bills would count
 * in nothing. `limit`: what has one, null for none.
 */
export function expectedCost(eligible: readonly Account[], wanted: Wanted, limit: string | null): number | null {
  const known = eligible.flatMap((account) => estimateAt(account, wanted) ?? []);
  if (limit === null) return known.length === 0 ? null : Math.min(...known);
  if (known.length === eligible.length) return Math.max(...known);
  const { model, request } = wanted;
  const unpriced = eligible.filter((account) => imagePriceAt(account, wanted) === null);
  const reasons = unpriced.map((account) => `at '${account.id}' ${missing(account, model, request)}`);
  const elsewhere = eligible.find((account) => !unpriced.includes(account));
  const way = elsewhere ? ` Or name a provider whose price is known: "provider": "${elsewhere.id}".` : '';
  const message = `What '${model}' costs is not known wherever it may go, and ${limit}: ${reasons.join('; ')}.${way}`;
  throw new RendermillError('price_unknown', message, { param: 'model' });
}

/** Why an account has no price for a request, and what to configure. */
function missing({ prices }: Account, model: string, { quality, size }: JobRequest): string {
  const price = prices[model];
  if (price?.usdRate === null) return `its price is in ${price.currency}: set usd_per.${price.currency}`;
  if (!price) return `there is no price: set prices.models["${model}"] of this provider`;
  const row = `prices.models["${model}"].per_image["${quality ?? 'auto'}"]["${size ?? 'auto'}"]`;
  return `there is no price for quality ${quality ?? 'auto'} and size ${size ?? 'auto'}: set ${row} of this provider`;
}

/** How many calls a job takes in its routing class. */
export function callsOf(request: JobRequest, routing: RoutingClass): number {
  return plannedCalls(request.n, routing.images).length;
}

/**
 * Seconds until a job is rendered at an account that makes so many calls at once, from the mean time of a call: as many
 * rounds as what is in flight, what waits now and its own calls fill.
 */
export function secondsAt(concurrency: number, calls: number, ahead: number, meanMs: number): number {
  return Math.ceil((Math.ceil((ahead + calls) / concurrency) * meanMs) / 1_000);
}
