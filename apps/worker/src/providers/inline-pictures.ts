import { bytesOfBase64 } from '@rendermill/shared/streams/base64-decoder';
import { BlobReadError, type BlobSink } from '@rendermill/shared/streams/json-blobs';
import { chatPictures } from './chat-answer.js';

/** What of an answer lies in sinks, and which value of its JSON stands for which. */
interface Blobs<T> {
  readonly blobs: readonly T[];
  readonly blobIndex: (value: unknown) => number | null;
}

/**
 * Moves pictures that stand as data URLs in the middle of a chat's text into sinks too. They are not diverted as they
 * arrive, so the cap on an answer's JSON is theirs.
 */
export async function saveInlinePictures<T>(
  json: unknown,
  read: Blobs<T>,
  openSink: (index: number) => Promise<BlobSink<T>>,
): Promise<Blobs<T>> {
  const inline = new Map<unknown, number>();
  const blobs = [...read.blobs];
  for (const picture of chatPictures(json)) {
    if (!picture.startsWith('data:')) continue;
    const index = blobs.length;
    const bytes = bytesOf(picture);
    const sink = await openSink(index);
    try {
      await sink.write(bytes);
    } catch (error) {
      await sink.abort();
      throw error;
    }
    blobs.push(await sink.end());
    inline.set(picture, index);
  }
  return { blobs, blobIndex: (value) => read.blobIndex(value) ?? inline.get(value) ?? null };
}

function bytesOf(dataUrl: string): Buffer {
  try {
    return bytesOfBase64(dataUrl.slice(dataUrl.indexOf(',') + 1));
  } catch (error) {
    throw new BlobReadError('bad_base64', (error as Error).message);
  }
}
