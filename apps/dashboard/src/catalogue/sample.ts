/** Three products, for who has no file at hand: as a shop exports them. */
const rows = [
  ['Handle', 'Title', 'Body (HTML)', 'Vendor'],
  ['stoneware-mug', 'Stoneware mug', '<p>Hand-thrown, deep teal glaze, 350 ml</p>', 'Kiln & Co'],
  ['desk-lamp', 'Alder desk lamp', '<p>Turned alder wood, linen shade, warm light</p>', 'Hearthside'],
  ['wool-throw', 'Wool throw', '<p>Undyed lambswool in herringbone, 130 × 180 cm</p>', 'Fell Weavers'],
];

export function sampleFile(): File {
  const csv = rows.map((row) => row.map((cell) => `"${cell}"`).join(',')).join('\r\n');
  return new File([csv], 'example-products.csv', { type: 'text/csv' });
}
