import { createHash } from 'node:crypto';
import type { JobInput } from '../../domain/job-request.js';
import { probeImageSide } from '../../domain/probe-steps.js';
import { sharp } from './sharp.js';

/** A picture that a probe sends, and what is known of it before it is stored. */
export interface ProbeImage {
  readonly body: Buffer;
  readonly facts: Omit<JobInput, 'key'>;
}

/** Two plain pictures, and a mask that opens the middle of the first. */
export async function probeImages(): Promise<{ images: readonly ProbeImage[]; mask: ProbeImage }> {
  const side = probeImageSide;
  const middle = { left: side / 4, top: side / 4 };
  const plain = (background: string, channels: 3 | 4, width = side) =>
    sharp({ create: { width, height: width, channels, background } });
  const hole = await plain('#000000ff', 4, side / 2)
    .png()
    .toBuffer();
  const [first, second, mask] = await Promise.all(
    [
      plain('#f4f1ea', 3).composite([{ input: hole, ...middle }]),
      plain('#c05028', 3),
      plain('#ffffffff', 4).composite([{ input: hole, ...middle, blend: 'dest-out' }]),
    ].map(async (image) => describe(await image.png().toBuffer())),
  );
  if (!first || !second || !mask) throw new Error('three pictures were to be made');
  return { images: [first, second], mask };
}

function describe(body: Buffer): ProbeImage {
  const sha256 = createHash('sha256').update(body).digest('hex');
  const side = { width: probeImageSide, height: probeImageSide };
  return { body, facts: { url: null, sha256, bytes: body.length, content_type: 'image/png', ...side } };
}
