import type { SpooledFile } from '@rendermill/shared/adapters/spool/spool';
import type { Account } from '@rendermill/shared/domain/accounts';
import type { Checkpoint, SpooledImage } from '@rendermill/shared/domain/attempts';
import { urlExpiry } from '@rendermill/shared/domain/url-expiry';
import type { WorkerDeps } from '../deps.js';
import { taskUrl } from '../providers/build-request.js';
import type { Answer, BrokenCall } from '../providers/call-provider.js';
import { readAnswer, type PictureAnswer } from '../providers/read-answer.js';

/** The pictures that an answer brought, and where they are. */

/** A task that is not done after this long is given up. */
const taskMs = 60 * 60_000;

/** The pictures of an answer; of one that broke off, those that had arrived whole. */
export function picturesOf(
  answer: Answer<SpooledFile> | BrokenCall<SpooledFile>,
  asked: number,
): PictureAnswer<SpooledFile> | null {
  if (answer.kind === 'answer') return readAnswer(answer, asked);
  const items = answer.blobs.map((blob) => ({ kind: 'bytes' as const, blob, revisedPrompt: null }));
  return items.length === 0 ? null : { items, usage: null, effective: {} };
}

/** The pictures of an answer, given to the indexes that were ordered; more than were ordered are left. */
export function checkpointOf(
  deps: WorkerDeps,
  { indexes, account }: { readonly indexes: readonly number[]; readonly account: Account },
  pictures: PictureAnswer<SpooledFile>,
  address: string,
): Checkpoint {
  const spooled: SpooledImage[] = [];
  const urls: Checkpoint['urls'][number][] = [];
  for (const [i, index] of indexes.entries()) {
    const item = pictures.items[i];
    if (!item) break;
    const revised_prompt = item.revisedPrompt;
    if (item.kind === 'url') {
      urls.push({
        index,
        url: item.url,
        expires_at: urlExpiry(item.url, Date.now(), account.preset.urlTtlMs),
        revised_prompt,
      });
    } else if (item.kind === 'task') {
      const url = taskUrl(address, item.task);
      urls.push({ index, url, task_picture: item.picture, expires_at: Date.now() + taskMs, revised_prompt });
    } else {
      const { file, bytes, sha256 } = item.blob;
      spooled.push({ index, file, bytes, sha256, revised_prompt });
    }
  }
  return { worker: deps.worker, spooled, urls };
}
