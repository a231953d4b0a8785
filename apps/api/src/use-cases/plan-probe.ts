import { RendermillError } from '@rendermill/shared/domain/errors';
import type { Account } from '@rendermill/shared/domain/accounts';
import { planProbe, type ProbePlan } from '@rendermill/shared/domain/probe-plan';
import { sells } from '@rendermill/shared/domain/probe-steps';
import { dollars } from '@rendermill/shared/domain/prices';
import type { ApiDeps, Caller } from '../deps.js';

/** What a probe would ask, and what that costs. Nothing is stored, nothing bought. */
export interface PlannedProbe {
  readonly account: Account;
  readonly model: string;
  readonly plan: ProbePlan;
}

/** The account of a path, as the caller may see it, or 404. */
export function requireAccount(deps: ApiDeps, caller: Caller, id: string): Account {
  const accounts = deps.accounts.filter((account) => account.modes.includes(caller.mode));
  const account = accounts.find((one) => one.id === id);
  if (account) return account;
  const ids = accounts.map((one) => one.id).join(', ');
  throw new RendermillError('not_found', `There is no provider account '${id}'; configured: ${ids}.`, { param: 'id' });
}

export function planProbeOf(account: Account, asked: string | null | undefined): PlannedProbe {
  const own = account.models === 'any' ? [] : Object.keys(account.models);
  const standard = sells(account, account.preset.defaultModel) ? account.preset.defaultModel : own[0];
  const model = asked ?? standard ?? account.preset.defaultModel;
  if (!sells(account, model)) {
    const message = `The account '${account.id}' does not sell '${model}'; it sells ${own.join(', ')}.`;
    throw new RendermillError('model_not_found', message, { param: 'model' });
  }
  return { account, model, plan: planProbe(account, model) };
}

/** Micro-dollars that the user agrees to, null for an unknown price; or what is to be said instead. */
export function consentTo({ account, model, plan }: PlannedProbe, maxCost: number | null | undefined): number | null {
  const { most, excludes } = plan;
  const beside =
    excludes.length === 0 ? '' : `, without ${excludes.join(', ').replaceAll('_', ' ')}, which nobody knows`;
  const price =
    most === null
      ? `What '${model}' costs at '${account.id}' is not known here`
      : `A probe of '${model}' at '${account.id}' costs at most $${dollars(most)}${beside}`;
  if (maxCost === undefined) {
    const say = most === null ? 'null, to take an unknown price' : String(dollars(most));
    throw new RendermillError('missing_required_parameter', `${price}: say max_cost, ${say}.`, { param: 'max_cost' });
  }
  if (most === null && maxCost !== null) {
    const how = `say "max_cost": null to take an unknown price, or set prices.models["${model}"] of this provider`;
    throw new RendermillError('price_unknown', `${price}: ${how}.`, { param: 'max_cost' });
  }
  if (most !== null && maxCost === null)
    throw new RendermillError('invalid_parameter', `${price}: say it as max_cost.`, { param: 'max_cost' });
  const micros = maxCost === null ? null : Math.round(maxCost * 1_000_000);
  if (most !== null && micros !== null && micros < most)
    throw new RendermillError('budget_exceeded', `${price}: this is more than max_cost.`, { param: 'max_cost' });
  return micros;
}
