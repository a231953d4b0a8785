import * as fc from 'fast-check';

/** Properties are tried with the same values in every run, so that a red one stays red; `RENDERMILL_SEED` tries others. */
fc.configureGlobal({ seed: Number(process.env['RENDERMILL_SEED'] ?? 20_261_121) });

export { fc };
