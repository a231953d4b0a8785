import { buffer } from 'node:stream/consumers';
import { makeThumbnail } from '@rendermill/shared/adapters/images/thumbnail';
import { thumbnailKey } from '@rendermill/shared/domain/object-keys';
import { StorageError, type Storage } from '@rendermill/shared/ports/storage';

/** Small copies of pictures: made when they are first asked for, and kept in the bucket beside the picture. */
export class Thumbnails {
  readonly #storage: Storage;
  /** Those that are being made, so that many who ask at once have it made once. */
  readonly #making = new Map<string, Promise<Buffer | null>>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Null where nothing can be made of the picture. Who has gone while it waited has none made. */
  async of(key: string, gone: AbortSignal): Promise<Buffer | null> {
    const kept = await this.#storage.get(thumbnailKey(key));
    if (kept) return buffer(kept.body);
    for (;;) {
      const making = this.#making.get(key) ?? this.#begin(key, gone);
      try {
        return await making;
      } catch (error) {
        // Another asker had it begun, and left.
        if (!(error instanceof AskerGone) || gone.aborted) throw error;
      }
    }
  }

  #begin(key: string, gone: AbortSignal): Promise<Buffer | null> {
    const making = this.#make(key, gone).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making;
  }

  async #make(key: string, gone: AbortSignal): Promise<Buffer | null> {
    const small = await makeThumbnail(async () => {
      if (gone.aborted) throw new AskerGone();
      const object = await this.#storage.get(key);
      if (!object) throw new StorageError('denied', `the image ${key} is gone from the store`);
      return buffer(object.body);
    });
    // The same bytes whoever makes it: two processes may write it at once.
    if (small) await this.#storage.put(thumbnailKey(key), small, 'image/webp');
    return small;
  }
}

class AskerGone extends Error {
  constructor() {
    super('who asked for this thumbnail has gone');
  }
}
