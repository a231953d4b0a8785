import { providerModel, type Account } from '@rendermill/shared/domain/accounts';
import { parameterRules } from '@rendermill/shared/domain/presets/preset';
import { servedAs, variationPrompt } from '@rendermill/shared/domain/routing';
import type { Job } from '@rendermill/shared/domain/job';
import type { Operation } from '@rendermill/shared/domain/job-request';

/** What is sent to an account for a call, before it becomes JSON or a form: names and values in the provider's own words. */
export interface RequestFields {
  readonly operation: Operation;
  readonly fields: readonly (readonly [name: string, value: string | number | boolean | object])[];
  /** Our parameters that this provider does not know and that were left out, by name; stands on the attempt. */
  readonly ignored: readonly string[];
}

/** In the order in which OpenAI's documents name them. */
const passedOn = [
  'size',
  'quality',
  'background',
  'output_format',
  'output_compression',
  'moderation',
  'style',
  'input_fidelity',
  'user',
  'safety_identifier',
  'complexity',
  'frame_count',
  'frame_duration_ms',
  'svg',
  'effort',
] as const;

export function requestFields(
  job: Pick<Job, 'type' | 'model' | 'request'>,
  account: Account,
  images: number,
): RequestFields {
  const operation = servedAs(account, job.type, job.model) ?? job.type;
  const model = providerModel(account, job.model) ?? job.model;
  const prompt = job.request.prompt ?? (operation === 'edit' ? variationPrompt : null);
  const fields: [string, string | number | boolean | object][] = [['model', model]];
  // A variation that the provider offers itself takes no prompt.
  if (prompt !== null && operation !== 'variation') fields.push(['prompt', prompt]);
  fields.push(['n', images]);
  const ignored: string[] = [];
  const rules = parameterRules(account.preset, job.model);
  for (const name of passedOn) {
    const value = job.request[name];
    if (value === undefined || value === null) continue;
    const rule = rules[name];
    // An account that would refuse it gets no such job, unless the configuration changed meanwhile. What is left to the
    // provider is said by saying nothing.
    if (rule === 'ignore' || rule === 'refuse') {
      if (value !== 'auto') ignored.push(name);
    } else if (!rule?.values) fields.push([rule?.as ?? name, value]);
    else {
      const theirs = typeof value === 'string' ? rule.values[value] : undefined;
      if (theirs !== undefined) fields.push([rule.as, theirs]);
      else if (value !== 'auto') ignored.push(name);
    }
  }
  const previews = job.request.partial_images;
  // Events do not say which of several pictures they are of.
  const streams = account.preset.streams && images === 1 && operation !== 'variation' && !model.startsWith('dall-e');
  if (previews && streams) fields.push(['stream', true], ['partial_images', previews]);
  else if (previews) ignored.push('partial_images');
  const format = account.preset.responseFormat(model);
  if (format) fields.push(['response_format', format]);
  return { operation, fields, ignored };
}
