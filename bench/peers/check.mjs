// The full check that Rendermill makes of every picture, with the same options: both peers make it too, so that what is
// compared is the way to it and not the check. A header alone proves nothing; each row is decoded.
import sharp from 'sharp';

sharp.cache(false);
sharp.concurrency(1);

const readOptions = { limitInputPixels: 50_000_000, failOn: 'warning', sequentialRead: true };

export async function checkPicture(bytes) {
  const { format, width, height } = await sharp(bytes, readOptions).metadata();
  await sharp(bytes, readOptions).resize(8, 8, { fit: 'fill', fastShrinkOnLoad: false }).raw().toBuffer();
  return { format, width, height };
}
