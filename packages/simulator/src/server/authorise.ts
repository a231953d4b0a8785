import { invalidApiKey } from '../faults/refusals.js';
import type { ResolvedOptions } from '../options.js';

/** Throws OpenAI's 401 for a key that is not accepted. */
export function checkKey({ apiKeys, strict }: ResolvedOptions, key: string | null): void {
  if (key === null && apiKeys === null && strict === 'lenient') return;
  if (key === null || (apiKeys && !apiKeys.includes(key))) throw invalidApiKey(key);
}
