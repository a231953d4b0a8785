import type { AttemptKey } from '@rendermill/shared/adapters/spool/journal';
import type { SpooledFile } from '@rendermill/shared/adapters/spool/spool';
import type { Account } from '@rendermill/shared/domain/accounts';
import type { PendingUrl, SpooledImage } from '@rendermill/shared/domain/attempts';
import { clip } from '@rendermill/shared/domain/text';
import { pause, type WorkerDeps } from '../deps.js';
import { taskRequest } from '../providers/build-request.js';
import { callProvider, type Answer, type BrokenCall } from '../providers/call-provider.js';
import { readTask } from '../providers/read-task.js';
import { copyResult, maxResultBytes, type Expired } from './copy-result.js';
import type { NotAPicture } from './store-image.js';

const firstWaitMs = 1_000;
const longestWaitMs = 10_000;

/**
 * Asks for a paid picture that a relay makes behind a task id until it is there, and brings it here. It is paid: asking
 * costs nothing, and what may still come is not bought again.
 */
export async function awaitTask(
  deps: WorkerDeps,
  key: AttemptKey,
  account: Account | undefined,
  pending: PendingUrl,
): Promise<SpooledImage | Expired | NotAPicture> {
  const { index, revised_prompt, task_picture: picture = 0 } = pending;
  for (let poll = 0; ; poll++) {
    const answer = account && (await ask(deps, key, account, pending));
    const state = answer?.kind === 'answer' ? readTask(answer) : { kind: 'pending' as const };
    if (state.kind === 'failed') return { index, detail: `its task failed: ${clip(state.message, 300)}` };
    if (state.kind === 'done') {
      const item = state.items[picture];
      if (!item) return { index, detail: `its task made ${state.items.length} picture(s)` };
      if (item.kind === 'url') return copyResult(deps, key, account, { ...pending, url: item.url });
      if (item.kind === 'bytes') {
        const { file, bytes, sha256 } = item.blob;
        return { index, file, bytes, sha256, revised_prompt: item.revisedPrompt ?? revised_prompt };
      }
    }
    if (Date.now() >= pending.expires_at) return expired(deps, index, answer);
    const asked = answer?.kind === 'answer' ? (answer.retryAfterMs ?? 0) : 0;
    await pause(deps, Math.max(asked, Math.min(longestWaitMs, firstWaitMs * 1.5 ** poll)));
  }
}

async function ask(deps: WorkerDeps, key: AttemptKey, account: Account, { index, url }: PendingUrl) {
  const began = Date.now();
  return callProvider<SpooledFile>(
    deps.providers,
    taskRequest(account, url),
    { timeoutMs: 60_000, idleMs: 30_000, maxImageBytes: maxResultBytes, maxImages: 16 },
    // Names in a spool are used once: each look has its own.
    async (blob) => deps.spool.imageSink(key, index, began * 16 + blob),
  );
}

function expired(
  deps: WorkerDeps,
  index: number,
  answer: Answer<SpooledFile> | BrokenCall<SpooledFile> | undefined,
): Expired {
  deps.metrics.resultUrlsExpired.inc();
  const why =
    answer === undefined ? 'its account is configured no more' : `the last answer had status ${answer.status}`;
  return { index, expired: true, detail: `its task was not done in time; ${why}` };
}
