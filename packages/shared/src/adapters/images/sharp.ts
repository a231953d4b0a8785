import sharp from 'sharp';

/**
 * sharp, with every loader shut but those of the formats we take and make: its others read SVG, PDF and TIFF from
 * strangers. The cache is off, as no picture is read twice; one thread per picture, as many are read side by side.
 */
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadPng', 'VipsForeignLoadJpeg', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'],
});
sharp.cache(false);
sharp.concurrency(1);

/** Largest picture in pixels: 50 million are 200 MB decoded, and more than any model takes or makes. */
export const maxPixels = 50_000_000;

/** How a file is opened: bounded, and a damaged one is an error. */
export const readOptions = {
  limitInputPixels: maxPixels,
  failOn: 'warning',
  sequentialRead: true,
} as const;

/** How long a picture is decoded. Who takes longer is busy, or meant to keep us so: large ones take less than a second. */
export const decodeTime = { seconds: 10 } as const;

/** How long one is made anew: 49 million pixels take 3 s as PNG on a busy core. */
export const encodeTime = { seconds: 30 } as const;

export { sharp };
