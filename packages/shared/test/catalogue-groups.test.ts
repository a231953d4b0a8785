import { describe, expect, test } from '@jest/globals';
import { repeatedId } from '@rendermill/shared/catalogue/repeated-id';
import { lines, shown } from './catalogue-world.js';

const template = {
  custom_id: '{{ Handle }}',
  prompt: '{{ Title }} {{ Price }} in {{ rows | map: "Colour" | compact | join: ", " }}',
};
const shop = [
  'Handle,Title,Colour,Price,Image Src',
  'cup,Cup,red,,https://x/1.jpg',
  'cup,,blue,5,https://x/2.jpg',
  'cup,,,6,',
  'mug,Mug,white,7,https://x/3.jpg',
  '',
].join('\n');

describe('group_by', () => {
  test('makes one of consecutive rows: the first, filled from those below, and a list of all', async () => {
    expect(await shown(shop, { template, group_by: 'Handle' })).toEqual([
      '1 cup Cup 5 in red, blue',
      '4 mug Mug 7 in white',
    ]);
  });

  test('one string may come out as several images, one a line', async () => {
    const images = '{{ rows | map: "Image Src" | compact | join: "\\n" }}';
    const all = await lines(shop, { template: { ...template, images }, group_by: 'Handle' });
    expect(all.map((line) => ('body' in line ? line.body['images'] : line))).toEqual([
      ['https://x/1.jpg', 'https://x/2.jpg'],
      ['https://x/3.jpg'],
    ]);
  });

  test('a row that cannot be read costs its product, since half a product is none', async () => {
    const broken = shop.replace('cup,,blue,5,https://x/2.jpg', 'cup,,blue');
    expect(await shown(broken, { template, group_by: 'Handle' })).toEqual([
      expect.stringMatching(/^1 ! Rows 1 to 3 \(from line 2\) are one Handle.*Row 2 \(line 3\): it has 3 cells/),
      '4 mug Mug 7 in white',
    ]);
  });

  test('a row of which the product cannot be read is an error of its own', async () => {
    const broken = shop.replace('cup,,blue', ',,blue').replace('cup,,,6', '"cup,,,6');
    expect(await shown(broken, { template, group_by: 'Handle' })).toEqual([
      expect.stringMatching(/^2 ! Row 2 \(line 3\) has no "Handle"/),
      expect.stringMatching(/^3 ! Row 3 \(line 4\), column "Handle": a quote/),
      '1 cup Cup  in red',
      '4 mug Mug 7 in white',
    ]);
  });

  test('a product that comes again is one more line, and the error of its id says why', async () => {
    expect(await shown(`${shop}cup,Cup,green,5,\n`, { template, group_by: 'Handle' })).toHaveLength(3);
    expect(repeatedId(5, 'cup', 1, 'Handle').message).toMatch(
      /^Row 5 has the same id as row 1: "cup".*Only consecutive rows with the same Handle/,
    );
    expect(repeatedId(5, 'cup', 1, undefined).message).toMatch(/column that differs in every row/);
  });

  test('more rows than memory is for are an error of their product', async () => {
    const rows = Array.from({ length: 6_000 }, (_, at) => `cup,Cup,c${at},5,`).join('\n');
    const all = await shown(`Handle,Title,Colour,Price,Image Src\n${rows}\nmug,Mug,white,7,\n`, {
      template,
      group_by: 'Handle',
    });
    expect(all).toEqual([expect.stringMatching(/^1 ! Rows 1 to 6000 .* 5000 rows/), '6001 mug Mug 7 in white']);
  });
});
