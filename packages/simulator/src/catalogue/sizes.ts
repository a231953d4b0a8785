/** Sizes as people write them: `1024x1024`. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The two edges of a size, or null where the text is not one. */
export function parseSize(text: string): Size | null {
  const match = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text);
  return match ? { width: Number(match[1]), height: Number(match[2]) } : null;
}

export function formatSize({ width, height }: Size): string {
  return `${width}x${height}`;
}

/** Why gpt-image-2 and later cannot make a size, or null. */
export function flexibleRefusal({ width, height }: Size): string | null {
  const pixels = width * height;
  const [short, long] = width < height ? [width, height] : [height, width];
  if (width % 16 !== 0 || height % 16 !== 0) return 'width and height must be divisible by 16';
  if (long > 3840) return 'the longer edge must be at most 3840 pixels';
  if (long > 3 * short) return 'the ratio of the edges must be at most 3:1';
  if (pixels < 655_360 || pixels > 8_294_400) return 'the image must have between 655360 and 8294400 pixels';
  return null;
}
