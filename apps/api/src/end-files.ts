import type { Files } from '@rendermill/shared/adapters/files/files';
import type { Logger } from '@rendermill/shared/observability/log';

const everyMs = 60_000;

/** Removes the bytes of files that have ended, at the start and every minute. Two processes at it do no harm. */
export function endFiles(files: Files, log: Logger): { readonly stop: () => Promise<void> } {
  let round = sweep(files, log);
  const timer = setInterval(() => {
    round = round.then(async () => sweep(files, log));
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await round;
    },
  };
}

/** What fails now is found by the next round. */
async function sweep(files: Files, log: Logger): Promise<void> {
  try {
    const removed = await files.sweep();
    if (removed > 0) log.info({ removed }, 'files.ended');
  } catch (error) {
    log.warn({ error }, 'files.not_ended');
  }
}
