import * as fc from 'fast-check';

/** Properties are tried with the same values in every run, so that a red one stays red; `RENDERMILL_SEED` tries others. */
export const seed = Number(process.env['RENDERMILL_SEED'] ?? 20_261_121);
if (!Number.isSafeInteger(seed)) throw new Error('RENDERMILL_SEED must be a whole number');
fc.configureGlobal({ seed });

/** With a seed by chance, nobody has seen what it reaches: that is asked of the fixed round alone. */
export const isFixedRound = process.env['RENDERMILL_SEED'] === undefined;

/** How often the properties that go by HTTP are tried: `everyday` times, or as `RENDERMILL_FUZZ_RUNS` says. */
export function runs(everyday: number): number {
  return Number(process.env['RENDERMILL_FUZZ_RUNS'] ?? everyday);
}

export { fc };
