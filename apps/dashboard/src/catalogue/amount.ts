import { text } from '../text';

const most = 1_000_000_000;

export type Amount =
  { readonly usd: number | null; readonly fault: null } | { readonly usd: null; readonly fault: string };

/**
 * What a person wrote as dollars; empty is none. Not by the browser's number field: what that cannot read comes out of
 * it empty, and "10,50" would be no maximum at all.
 */
export function amountOf(written: string): Amount {
  const trimmed = written.trim();
  if (trimmed === '') return { usd: null, fault: null };
  const usd = /^\d+(\.\d{1,6})?$/.test(trimmed) ? Number(trimmed) : 0;
  if (usd > 0 && usd <= most) return { usd, fault: null };
  return { usd: null, fault: text.catalogue.template.maxCostFault(trimmed) };
}
