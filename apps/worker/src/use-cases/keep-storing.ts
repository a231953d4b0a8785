import { storeWait } from '@rendermill/shared/domain/backoff';
import { StorageError } from '@rendermill/shared/ports/storage';
import { pause, type WorkerDeps } from '../deps.js';

/**
 * Storage trouble repeats storing, never rendering: what is paid waits here, in the spool, for as long as the store
 * is out of reach. Meanwhile its slot stays taken, so that no more is bought than can be kept.
 */
const deniedPatienceMs = 60_000;
const maxMismatches = 3;

/**
 * Runs a step against the store until it succeeds. Throws {@link StorageError} `denied` after a minute of refusals
 * (a person must look), `mismatch` where the bytes on disk are not what they were.
 */
export async function keepStoring<T>(
  deps: Pick<WorkerDeps, 'log' | 'random' | 'interrupted'>,
  what: string,
  step: () => Promise<T>,
): Promise<T> {
  let deniedFor = 0;
  let mismatches = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (error.fault === 'mismatch' && ++mismatches > maxMismatches) throw error;
      if (error.fault === 'denied' && deniedFor >= deniedPatienceMs) throw error;
      const waitMs = storeWait(attempt, deps.random);
      if (error.fault === 'denied') deniedFor += waitMs;
      deps.log.warn({ error, what, attempt: attempt + 1, wait_ms: waitMs }, 'storage.waiting');
      await pause(deps, waitMs);
    }
  }
}
