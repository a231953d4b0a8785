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

export { sharp };
