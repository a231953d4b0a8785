import { availableParallelism } from 'node:os';
import { sharp } from './sharp.js';
import type { Size } from '../catalogue/sizes.js';
import type { ImageRequest } from '../requests/image-request.js';
import type { ReceivedFile } from '../requests/received.js';
import { badRequest } from '../requests/refusal.js';
import { draw, type Picture } from './draw.js';
import { encode } from './encode.js';
import { imageOf, type MadeImage } from './made-image.js';
import { Pool } from './pool.js';
import { Queue } from './queue.js';

/** `drawn`: a picture that shows its request. `pool`: noise of so many bytes, for benchmarks. */
export type ImageMode = 'drawn' | { readonly pool: { readonly bytes: number } };

/** The request that an image belongs to. */
interface Origin {
  readonly number: number;
  readonly request_id: string;
}

/** Makes the images of answers, whichever way. */
export class Studio {
  readonly #pool: Pool | null;
  // More at once would only take turns on the same processors.
  readonly #queue = new Queue(availableParallelism());

  constructor(mode: ImageMode) {
    this.#pool = mode === 'drawn' ? null : new Pool(mode.pool.bytes);
  }

  /** The size of each input that came as bytes; an input that cannot be decoded is the caller's mistake. */
  async inspect(files: readonly ReceivedFile[]): Promise<Size[]> {
    const sizes = files.map(async (file) => {
      if (!file.bytes) return { width: 1024, height: 1024 };
      try {
        const { width, height } = await sharp(file.bytes).metadata();
        // Only pixels tell whether the file is whole; a benchmark cannot afford to look.
        if (!this.#pool) await sharp(file.bytes).resize(8, 8).raw().toBuffer();
        return { width, height };
      } catch (cause) {
        const message = `Invalid image file or mode for '${file.field}', please check your image file.`;
        throw Object.assign(badRequest(message, file.field, 'invalid_image_file'), { cause });
      }
    });
    return await Promise.all(sizes);
  }

  async make(request: ImageRequest, origin: Origin, imageNumber: number): Promise<MadeImage> {
    if (this.#pool && request.format === 'png') {
      return this.#pool.image(request.size, `${origin.request_id} image ${imageNumber}`);
    }
    return await this.#queue.run(async () => {
      const drawn = await draw(pictureOf(request, origin.number, imageNumber));
      return imageOf(drawn, request.format);
    });
  }

  /** An image as a stream shows it before it is done: `step` of `steps` of the way to sharpness. */
  async partial(image: MadeImage, request: ImageRequest, step: number, steps: number): Promise<MadeImage> {
    if (this.#pool && request.format === 'png') return image;
    return await this.#queue.run(async () => {
      const blur = 2 ** (2 + steps - step);
      const width = Math.max(1, Math.round(request.size.width / blur));
      const small = await sharp(Buffer.concat(image.parts)).resize({ width }).png().toBuffer();
      const large = sharp(small).resize({ ...request.size, fit: 'fill', kernel: 'cubic' });
      return imageOf(await encode(large, request), request.format);
    });
  }
}

function pictureOf(request: ImageRequest, requestNumber: number, imageNumber: number): Picture {
  const inputs = request.images.flatMap((file, i) =>
    // A mask belongs to the first image. An input that is only a link cannot be shown.
    file.bytes ? [{ bytes: file.bytes, mask: i === 0 ? (request.mask?.bytes ?? null) : null }] : [],
  );
  return { ...request, requestNumber, imageNumber, imagesInRequest: request.n, inputs };
}
