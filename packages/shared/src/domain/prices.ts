import { z } from 'zod';

/**
 * Prices as data. Inside, money is integer micro-dollars; a rate in USD per million tokens is therefore
 * micro-dollars per token. What is not known is null, never 0.
 */
const amount = z.number().min(0).max(1_000_000);
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters, such as USD');

export const modelPrice = z.strictObject({
  /** Of this row, where it is not the table's: some relays state a part of their prices in another. */
  currency: currency.optional(),
  /** Units of the currency per million tokens. `text_out`, where a model's words are billed unlike its pictures. */
  per_token: z
    .strictObject({ text_in: amount, image_in: amount, image_out: amount, text_out: amount.optional() })
    .optional(),
  /** Price of one image by quality, then by size; `*` stands for any. */
  per_image: z.record(z.string(), z.record(z.string(), amount)).optional(),
});

export const priceTable = z.strictObject({
  currency: currency.default('USD'),
  models: z.record(z.string(), modelPrice),
});

export type ModelPrice = z.output<typeof modelPrice>;
export type PriceTable = z.output<typeof priceTable>;

/** What an account takes for one model. */
export interface AccountPrice extends Omit<ModelPrice, 'currency'> {
  readonly currency: string;
  /** USD for one unit of the currency, or null where no rate is configured: then nothing is known of this price. */
  readonly usdRate: number | null;
}

/** The prices of an account by our model name: those of the later tables replace the earlier ones' row by row. */
export function accountPrices(
  tables: readonly (PriceTable | null | undefined)[],
  usdPer: Readonly<Record<string, number>>,
): Readonly<Record<string, AccountPrice>> {
  const rows = tables.flatMap((table) =>
    Object.entries(table?.models ?? {}).map(([model, row]): [string, AccountPrice] => {
      const unit = row.currency ?? table?.currency ?? 'USD';
      return [model, { ...row, currency: unit, usdRate: unit === 'USD' ? 1 : (usdPer[unit] ?? null) }];
    }),
  );
  return Object.fromEntries(rows);
}

/** A table of which every amount is `factor` times another's: relays state their prices so. */
export function scaledPrices(table: PriceTable, factor: number): PriceTable {
  const scale = (value: number): number => Number((value * factor).toPrecision(6));
  const scaled = (row: Record<string, number>) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, scale(value)]));
  const models = Object.entries(table.models).map(([id, { per_token, per_image, ...rest }]): [string, ModelPrice] => [
    id,
    {
      ...rest,
      ...(per_token && { per_token: scaled(per_token) as NonNullable<ModelPrice['per_token']> }),
      ...(per_image && {
        per_image: Object.fromEntries(Object.entries(per_image).map(([quality, row]) => [quality, scaled(row)])),
      }),
    },
  ]);
  return { ...table, models: Object.fromEntries(models) };
}

/** Micro-dollars as the decimal number of dollars that answers carry. */
export function dollars(amountMicros: number | null): number | null {
  return amountMicros === null ? null : amountMicros / 1_000_000;
}
