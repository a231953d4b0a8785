import { z } from 'zod';

/** Query parameters come as text: what is a number there reads as one and nothing else. */
export function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^(0|[1-9]\d{0,14})$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .meta({ type: 'integer', minimum: min, maximum: max, pattern: undefined });
}

export const pageQuery = {
  after: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be an id')
    .optional()
    .describe('last_id of the page before.'),
  limit: wholeNumber(1, 100).default(20).describe('1 to 100.'),
  order: z.enum(['asc', 'desc']).default('desc').describe('By time of creation.'),
} as const;

/**
 * One page as every list answers it. `readUpTo`: where the next page begins, if its search went on behind the last
 * item; a page that found nothing within its bounds still leads on.
 */
export function page<T extends { readonly id: string }>(
  data: readonly T[],
  hasMore: boolean,
  readUpTo: string | null = null,
) {
  const lastId = (hasMore ? readUpTo : null) ?? data.at(-1)?.id ?? null;
  return { object: 'list', data, first_id: data[0]?.id ?? null, last_id: lastId, has_more: hasMore };
}
