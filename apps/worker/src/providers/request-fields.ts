import { providerModel, type Account } from '@rendermill/shared/domain/accounts';
import { servedAs, variationPrompt } from '@rendermill/shared/domain/needs';
import { passedOn, type ParameterName } from '@rendermill/shared/domain/parameters';
import { formsOf, ruleOf, standingOf } from '@rendermill/shared/domain/profile';
import type { Job } from '@rendermill/shared/domain/job';
import type { Operation } from '@rendermill/shared/domain/job-request';

/** What is sent to an account for a call, before it becomes JSON or a form: names and values in the provider's own words. */
export interface RequestFields {
  readonly operation: Operation;
  readonly fields: readonly (readonly [name: string, value: string | number | boolean | object])[];
  /** Our parameters that this provider does not know and that were left out, by name; stands on the attempt. */
  readonly ignored: readonly string[];
  /** Their names of what was sent → ours. */
  readonly names: Readonly<Record<string, ParameterName>>;
}

/** What a request is made of: a job, or as much of one as is known of it. */
export type RequestSource = Pick<Job, 'type' | 'model' | 'request'> & Partial<Pick<Job, 'attempts' | 'probe'>>;

export function requestFields(job: RequestSource, account: Account, images: number): RequestFields {
  const operation = servedAs(account, job.type, job.model) ?? job.type;
  const model = providerModel(account, job.model) ?? job.model;
  const prompt = job.request.prompt ?? (operation === 'edit' ? variationPrompt : null);
  const fields: [string, string | number | boolean | object][] = [['model', model]];
  const ignored: string[] = [];
  const names: Record<string, ParameterName> = {};
  const unknown = unknownTo(job, account);
  const send = (name: ParameterName, theirs: string, value: string | number | boolean | object): void => {
    names[theirs] = name;
    fields.push([theirs, value]);
  };
  // A variation that the provider offers itself takes no prompt.
  if (prompt !== null && operation !== 'variation') fields.push(['prompt', prompt]);
  if (unknown('n')) ignored.push('n');
  else send('n', 'n', images);
  for (const name of passedOn) {
    const value = job.request[name];
    if (value === undefined || value === null) continue;
    const rule = ruleOf(account, job.model, name, value);
    // An account that would refuse it gets no such job, unless the configuration changed meanwhile. What is left to the
    // provider is said by saying nothing.
    if (rule === 'ignore' || rule === 'refuse' || unknown(name)) {
      if (value !== 'auto') ignored.push(name);
    } else if (!rule?.values) send(name, rule?.as ?? name, value);
    else {
      const theirs = typeof value === 'string' ? rule.values[value] : undefined;
      if (theirs !== undefined) send(name, rule.as, theirs);
      else if (value !== 'auto') ignored.push(name);
    }
  }
  const previews = job.request.partial_images;
  // Events do not say which of several pictures they are of.
  const streams =
    account.preset.streams &&
    images === 1 &&
    operation !== 'variation' &&
    !model.startsWith('dall-e') &&
    !unknown('partial_images');
  if (previews && streams) {
    send('partial_images', 'stream', true);
    send('partial_images', 'partial_images', previews);
  } else if (previews) ignored.push('partial_images');
  const format = formsOf(account, job.model, model).responseFormat;
  if (format && unknown('response_format')) ignored.push('response_format');
  else if (format) send('response_format', 'response_format', format);
  return { operation, fields, ignored, names };
}

/** What the account does not know: as this job has heard from it, or as it is known from others. */
function unknownTo({ attempts = [], model }: RequestSource, account: Account) {
  const heard = new Set(
    attempts
      .filter(({ provider }) => provider === account.id)
      .flatMap(({ settlement }) => settlement?.unknown_parameter ?? []),
  );
  const known = (name: ParameterName): boolean =>
    (name === 'n' || name === 'partial_images') && standingOf(account, model, name)?.takes === false;
  return (name: ParameterName): boolean => heard.has(name) || known(name);
}
