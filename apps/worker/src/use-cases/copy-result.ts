import { download } from '@rendermill/shared/adapters/http/download';
import { OutboundError } from '@rendermill/shared/adapters/http/outbound';
import type { AttemptKey } from '@rendermill/shared/adapters/spool/journal';
import type { Account } from '@rendermill/shared/domain/accounts';
import type { PendingUrl, SpooledImage } from '@rendermill/shared/domain/attempts';
import { storeWait } from '@rendermill/shared/domain/backoff';
import { pause, type WorkerDeps } from '../deps.js';
import { hostOf } from './places.js';

export const maxResultBytes = 80 * 1024 * 1024;

/** A result link that died before its picture was copied: paid, and lost. */
export interface Expired {
  readonly index: number;
  readonly expired: true;
  readonly detail: string;
}

/**
 * Copies a result that the provider holds at a URL, at once; where that fails, again with growing waits until the
 * link dies. It is paid: trying once more costs nothing, a new render does.
 */
export async function copyResult(
  deps: WorkerDeps,
  key: AttemptKey,
  account: Account | undefined,
  pending: PendingUrl,
): Promise<SpooledImage | Expired> {
  const trusted = account && { origin: new URL(await deps.addressOf(account)).origin, dispatcher: deps.providers };
  for (let attempt = 0; ; attempt++) {
    try {
      const written = await deps.downloads.run([hostOf(pending.url)], async () =>
        download(deps.outbound, pending.url, async () => deps.spool.imageSink(key, pending.index, attempt), {
          maxBytes: maxResultBytes,
          totalMs: 120_000,
          idleMs: 30_000,
          signal: deps.interrupted,
          trusted,
        }),
      );
      deps.metrics.resultUrlLeft.observe(Math.max(0, (pending.expires_at - Date.now()) / 1_000));
      return {
        index: pending.index,
        file: written.file,
        bytes: written.bytes,
        sha256: written.sha256,
        revised_prompt: pending.revised_prompt,
      };
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      if (Date.now() >= pending.expires_at || isGone(error, attempt)) {
        deps.metrics.resultUrlsExpired.inc();
        return { index: pending.index, expired: true, detail: error.message };
      }
      const waitMs = Math.min(storeWait(attempt, deps.random), Math.max(100, pending.expires_at - Date.now()));
      deps.log.warn(
        { error, attempt_key: key, wait_ms: waitMs, seconds_left: (pending.expires_at - Date.now()) / 1_000 },
        'result.waiting',
      );
      await pause(deps, waitMs);
    }
  }
}

/**
 * 410 says that it is gone; 403 and 404 are also said of what is not there yet, and a paid picture is worth asking for
 * as long as its link is good. A link that we may not follow, or a file that we would not keep, stays one.
 */
function isGone(error: OutboundError, attempt: number): boolean {
  if (error.reason === 'blocked' || error.reason === 'too_large') return true;
  return attempt >= 4 && error.status === 410;
}
