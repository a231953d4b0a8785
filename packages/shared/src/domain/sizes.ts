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
