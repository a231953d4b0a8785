import type { Account } from './accounts.js';
import { servedAs, type RoutingNeeds } from './needs.js';
import { passedOn } from './parameters.js';
import { ruleOf, standingOf, type Feature, type Standing } from './profile.js';

/** Why an account cannot serve a request that its model could, or null: by its preset, its configuration, or what was found out. */
export function requestFault(account: Account, needs: RoutingNeeds): string | null {
  const { model, request } = needs;
  const { id, preset } = account;
  const maxPrompt = preset.maxPrompt[model];
  if (maxPrompt !== undefined && [...(request?.prompt ?? '')].length > maxPrompt)
    return `prompt: ${preset.name} (account ${id}) takes prompts of at most ${maxPrompt} characters for ${model}`;
  for (const name of request ? passedOn : []) {
    const value = request?.[name];
    // What is left to the provider can be left out.
    if (value === undefined || value === 'auto' || ruleOf(account, model, name, value) !== 'refuse') continue;
    const standing = standingOf(account, model, name);
    return standing === null
      ? `${name}: ${preset.name} (account ${id}) would drop it without a word for ${model}`
      : notTaken(account, model, name, standing);
  }
  return operationFault(account, needs);
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
