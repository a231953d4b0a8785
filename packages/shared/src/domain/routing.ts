import { createHash } from 'node:crypto';
import { providerModel, type Account } from './accounts.js';
import { RendermillError } from './errors.js';
import { modelRow } from './models.js';
import { callCost, imageEstimate, type Price } from './prices.js';
import { ruleOf, standingOf, type Feature, type Standing } from './profile.js';
import { passedOn } from './parameters.js';
import type { JobRequest, Operation } from './job-request.js';
import type { Usage } from './usage.js';
import type { Job, Mode } from './job.js';

/** What decides which accounts could serve a job. */
export interface RoutingNeeds {
  readonly model: string;
  readonly operation: Operation;
  readonly mode: Mode;
  /** What is asked for, where it is known yet. */
  readonly request?: JobRequest;
  /** How many input images there are, and whether a mask, where it is known yet. */
  readonly inputs?: { readonly images: number; readonly mask: boolean };
  /** The account the user asked for, or null. */
  readonly provider: string | null;
  /** The job is a probe's: it goes to the account whatever is known of it. */
  readonly probe?: boolean;
}

type Routed = Pick<Job, 'model' | 'type' | 'mode' | 'provider' | 'request' | 'inputs' | 'mask' | 'probe'>;

/** What a job that is there needs. */
export function needsOf({ model, type, mode, provider, request, inputs, mask, probe }: Routed): RoutingNeeds {
  return {
    model,
    operation: type,
    mode,
    provider,
    request,
    inputs: { images: inputs.length, mask: mask !== null },
    ...(probe ? { probe: true } : {}),
  };
}

/**
 * A variation is served by an account that offers it, else by an edit with a stated prompt; so it can be served
 * wherever an edit can.
 */
export function servedAs(account: Account, operation: Operation, model: string): Operation | null {
  const { operations } = account.preset;
  const native = operation !== 'variation' || (modelRow(model)?.variations ?? true);
  if (native && operations.includes(operation)) return operation;
  return operation === 'variation' && operations.includes('edit') ? 'edit' : null;
}

/** Why an account cannot serve a request that its model could, or null. */
export function requestFault(account: Account, needs: RoutingNeeds): string | null {
  const { model, request } = needs;
  const { id, preset } = account;
  const maxPrompt = preset.maxPrompt[model];
  if (maxPrompt !== undefined && [...(request?.prompt ?? '')].length > maxPrompt)
    return `prompt: ${preset.name} (account ${id}) takes prompts of at most ${maxPrompt} characters for ${model}`;
  for (const name of request ? passedOn : []) {
    const value = request?.[name];
    if (value === undefined || ruleOf(account, model, name, value) !== 'refuse') continue;
    const standing = standingOf(account, model, name);
    return standing === null
      ? `${name}: ${preset.name} (account ${id}) would drop it without a word`
      : notTaken(account, model, name, standing);
  }
  return operationFault(account, needs);
}

/**
 * True where a job may be made at an account by what is known now: what was found out since it was routed there may have
 * come between, and a request without what the account does not take would be another picture.
 */
export function takesJob(account: Account, job: Routed): boolean {
  return job.probe !== undefined || requestFault(account, needsOf(job)) === null;
}

/** The features that a request needs beside its parameters, with the parameter that asks for each. */
function operationFault(account: Account, { model, operation, inputs, request }: RoutingNeeds): string | null {
  const served = servedAs(account, operation, model);
  const images = inputs?.images ?? 0;
  const mask = inputs?.mask === true;
  const needed: readonly (readonly [param: string, feature: Feature, needed: boolean])[] = [
    ['type', 'generation', served === 'generation'],
    ['type', 'edit', served === 'edit'],
    ['image', 'several_images', images > 1],
    ['mask', 'mask', mask],
    ['mask', 'several_images_with_mask', images > 1 && mask],
    ['n', 'n', (request?.n ?? 1) > 1 && account.preset.maxImagesPerCall > 1],
  ];
  for (const [param, feature] of needed.filter(([, , isNeeded]) => isNeeded)) {
    const standing = standingOf(account, model, feature);
    if (standing && !standing.takes) return notTaken(account, model, param, standing, feature);
  }
  return null;
}

function notTaken({ id }: Account, model: string, param: string, { source }: Standing, feature: string = param) {
  return `${param}: the account ${id} does not take ${feature.replaceAll('_', ' ')} for ${model} (${source})`;
}

/** The prompt of a variation that is served as an edit. Stated in the docs, and on the job. */
export const variationPrompt =
  'Create a variation of this image: keep its subject, composition and style, and change its details.';

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

/** A routing class: jobs in it can be served by the same accounts and ask for the same number of images a call. */
export interface RoutingClass {
  readonly id: string;
  readonly accounts: readonly string[];
  readonly images: number;
}

/** The class of jobs that these accounts serve, `images` a call: its ready queue takes its id. */
export function routingClass(eligible: readonly Account[], images: number): RoutingClass {
  const accounts = eligible.map((account) => account.id);
  const digest = createHash('sha256')
    .update(`${[...accounts].sort().join(',')}|${images}`)
    .digest('hex');
  return { id: digest.slice(0, 16), accounts, images };
}

/** How a job's images are split over calls: `call` k makes these indexes. Fixed by the request, so that a cap can count per call. */
export function plannedCalls(n: number, maxImagesPerCall: number): number[][] {
  const calls: number[][] = [];
  for (let first = 0; first < n; first += maxImagesPerCall) {
    calls.push(Array.from({ length: Math.min(maxImagesPerCall, n - first) }, (_, i) => first + i));
  }
  return calls;
}

/** What one image of a request is expected to cost at an account, or null. */
export function imagePriceAt(account: Account, model: string, request: JobRequest): Price | null {
  if (account.usdRate === null) return null;
  return imageEstimate(account.prices?.models[model], model, request, account.usdRate);
}

/** Micro-dollars that a request is expected to cost at an account, or null. */
export function estimateAt(account: Account, model: string, request: JobRequest): number | null {
  const price = imagePriceAt(account, model, request);
  return price && price.micros * request.n;
}

/** What a call at an account cost, or null where its price is unknown. */
export function costAt(account: Account, model: string, request: JobRequest, images: number, usage: Usage | null) {
  if (account.usdRate === null) return null;
  return callCost(account.prices?.models[model], model, request, images, usage, account.usdRate);
}

/**
 * How many images of a job of n one call makes: what every account that could serve it can do. A limit that is
 * smaller than one call would never have room for it.
 */
function imagesPerCall(eligible: readonly Account[], model: string, n: number): number {
  const most = eligible.flatMap((account) => [
    account.preset.maxImagesPerCall,
    account.limits.images_per_minute ?? Infinity,
    account.limits.images_per_month ?? Infinity,
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

/** Where a job goes: the accounts that could serve it, and the class whose ready queue it waits in. */
export function route(
  accounts: readonly Account[],
  needs: RoutingNeeds,
  n: number,
): { eligible: Account[]; routing: RoutingClass } {
  const eligible = requireAccounts(accounts, needs);
  return { eligible, routing: routingClass(eligible, splitOf(accounts, needs, n)) };
}
