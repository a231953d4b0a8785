import { z } from 'zod';
import { noLimits, type AccountLimits, type Limits, type Preset } from '../domain/presets/preset.js';

/** `limits` of an account in the configuration file. */
const limit = z.int().min(1).nullish();
const limitFields = {
  concurrency: z.int().min(1).max(10_000).optional(),
  requests_per_minute: limit,
  burst: limit,
  requests_per_day: limit,
  images_per_minute: limit,
  images_per_month: limit,
};
export const limitsSchema = z.strictObject({
  ...limitFields,
  /** By our model name: kept beside the account's own. */
  per_model: z.record(z.string().min(1).max(128), z.strictObject(limitFields)).optional(),
});

/** Those of the preset, with what is given in their place. */
export function mergeLimits(preset: Preset, given: z.output<typeof limitsSchema> | undefined): AccountLimits {
  const { per_model = {}, ...rest } = given ?? {};
  const said = (row: object) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
  const limits = { ...preset.limits, ...said(rest) };
  const row = (own: object): Limits => ({ ...noLimits, concurrency: limits.concurrency, ...said(own) });
  const rows = Object.entries(per_model).map(([model, own]) => [model, row(own)] as const);
  return { ...limits, per_model: Object.fromEntries(rows) };
}

/** What is wrong with an account's limits. */
export function limitFaults(
  id: string,
  { per_model, ...own }: AccountLimits,
  sells: (model: string) => boolean,
): string[] {
  const rows: [string, Limits][] = Object.entries(per_model).map(([model, row]) => [`limits.per_model.${model}`, row]);
  return [
    ...[['limits', own] as const, ...rows].flatMap(([name, { burst, requests_per_minute }]) =>
      burst !== null && requests_per_minute === null
        ? [`provider ${id}: ${name}.burst needs ${name}.requests_per_minute, at which it is filled again`]
        : [],
    ),
    ...Object.keys(per_model).flatMap((model) =>
      sells(model) ? [] : [`provider ${id}: limits.per_model.${model}: it is not configured to sell that model`],
    ),
  ];
}
