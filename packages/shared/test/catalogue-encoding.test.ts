import iconv from 'iconv-lite';
import { describe, expect, test } from '@jest/globals';
import { refusal, showing, shown, sourceOf } from './catalogue-world.js';

const japanese = 'id,title\n1,シャツ 青\n2,白い磁器のコーヒーカップ\n';
const chinese = 'id,title\n1,蓝色衬衫\n2,白色陶瓷咖啡杯\n';

describe('an encoding that is known', () => {
  test.each([
    [
      'UTF-16 LE with tabs, Excel’s "Unicode text"',
      iconv.encode('\ufeffid\ttitle\r\n1\tシャツ 👕\r\n', 'utf-16le'),
      undefined,
    ],
    ['UTF-16 BE with a mark', iconv.encode('\ufeffid,title\n1,シャツ 👕\n', 'utf-16be'), undefined],
    ['UTF-16 LE as told', iconv.encode('id,title\n1,シャツ 👕\n', 'utf-16le'), 'UTF-16'],
    ['UTF-8 with a mark, whatever is told', Buffer.from('\ufeffid,title\n1,シャツ 👕\n'), 'shift_jis'],
    ['GB18030', iconv.encode('id,title\n1,シャツ 👕\n', 'gb18030'), 'GB18030'],
  ])('%s', async (_name, bytes, encoding) => {
    const options = encoding === undefined ? {} : { csv: { encoding } };
    expect(await shown(bytes, options)).toEqual(['1 1 [シャツ 👕]']);
    expect(await shown(sourceOf(bytes, 3), options)).toEqual(['1 1 [シャツ 👕]']);
  });

  test.each([
    ['Shift_JIS', japanese, ['1 1 [シャツ 青]', '2 2 [白い磁器のコーヒーカップ]']],
    ['cp932', japanese, ['1 1 [シャツ 青]', '2 2 [白い磁器のコーヒーカップ]']],
    ['EUC-JP', japanese, ['1 1 [シャツ 青]', '2 2 [白い磁器のコーヒーカップ]']],
    ['GBK', chinese, ['1 1 [蓝色衬衫]', '2 2 [白色陶瓷咖啡杯]']],
    ['gb2312', chinese, ['1 1 [蓝色衬衫]', '2 2 [白色陶瓷咖啡杯]']],
    ['Big5', 'id,title\n1,藍色襯衫\n', ['1 1 [藍色襯衫]']],
    ['EUC-KR', 'id,title\n1,파란 셔츠\n', ['1 1 [파란 셔츠]']],
    ['windows-1252', 'id,title\n1,“Café” – 5 €\n', ['1 1 [“Café” – 5 €]']],
    ['windows-1251', 'id,title\n1,Рубашка\n', ['1 1 [Рубашка]']],
  ])('%s as told', async (encoding, text, rows) => {
    const bytes = iconv.encode(text, encoding);
    expect(await shown(bytes, { csv: { encoding } })).toEqual(rows);
    expect(await shown(sourceOf(bytes, 1), { csv: { encoding } })).toEqual(rows);
  });
});

describe('a file that is not UTF-8, and no word of what it is', () => {
  test.each([
    ['Shift_JIS', japanese, 'シャツ'],
    ['GBK', chinese, '蓝色衬衫'],
    ['Big5', 'id,title\n1,藍色襯衫\n', '藍色襯衫'],
    ['EUC-KR', 'id,title\n1,파란 셔츠\n', '파란'],
    ['windows-1252', 'id,title\n1,Café crème\n', 'Café crème'],
  ])('is refused with how it would read, in %s among others', async (encoding, text, reading) => {
    const error = await refusal(iconv.encode(text, encoding));
    expect(error.code).toBe('invalid_csv');
    expect(error.param).toBe('csv.encoding');
    expect(error.message).toMatch(/line 2, byte \d+ is 0x[0-9A-F]{2}/);
    expect(error.message).toContain(reading);
  });

  test('is refused for its header alone', async () => {
    const error = await refusal(iconv.encode(`id,größe\n${'1,x\n'.repeat(1_000)}`, 'windows-1252'));
    expect(error.message).toMatch(/line 1, byte 5 is 0xF6.*"id,größe" in windows-1252/);
  });

  test('is refused where it looks like UTF-16', async () => {
    const error = await refusal(iconv.encode('id,title\n1,Cup\n', 'utf-16be'));
    expect(error.message).toMatch(/give csv.encoding "utf-16be"/);
  });
});

describe('a few bad bytes in a UTF-8 file', () => {
  const bad = Buffer.from([0x96, 0xff]);

  test('cost their row only, which names its column and the bytes', async () => {
    const rows = (from: number, to: number) =>
      Buffer.from(Array.from({ length: to - from }, (_, at) => `${from + at},Größe ${from + at}\n`).join(''));
    const damaged = Buffer.concat([Buffer.from('17965,Gr'), bad, Buffer.from('e 17965\n')]);
    const bytes = Buffer.concat([Buffer.from('id,title\n'), rows(1, 17_965), damaged, rows(17_966, 20_001)]);
    const all = await shown(bytes);
    expect(all).toHaveLength(20_000);
    expect(all.filter((line) => line.includes('!'))).toEqual([
      '17965 ! Row 17965 (line 17966), column "title": it has bytes 0x96 0xFF not of utf-8. ' +
        'Mend the cell, or say in csv.encoding what the whole file is.',
    ]);
    expect(all[19_999]).toBe('20000 20000 [Größe 20000]');
    expect(all.some((line) => line.includes('\ufffd'))).toBe(false);
  });

  test('cost their row only where csv.encoding says UTF-8, however small the file', async () => {
    const bytes = Buffer.concat([Buffer.from('id,title,more\n1,Cup,a\n2,"Mug '), bad, Buffer.from('",b\n3,Pot,c\n')]);
    const options = { template: showing('title', 'more'), csv: { encoding: 'utf8' } };
    expect(await shown(bytes, options)).toEqual([
      '1 1 [Cup][a]',
      expect.stringMatching(/^2 ! Row 2 \(line 3\), column "title": it has bytes 0x96 0xFF/),
      '3 3 [Pot][c]',
    ]);
    expect((await refusal(bytes)).message).toMatch(/line 3, byte 29 is 0x96/);
  });

  test('replacement characters that the file itself has are text', async () => {
    expect(await shown('id,title\n1,Gr\ufffd\ufffde\n')).toEqual(['1 1 [Gr\ufffd\ufffde]']);
  });

  test('bytes that are not of the encoding that is told cost their row too', async () => {
    const bytes = Buffer.concat([Buffer.from('id,title\n1,'), Buffer.from([0x81, 0x2c]), Buffer.from('\n2,Mug\n')]);
    const all = await shown(bytes, { csv: { encoding: 'shift_jis' } });
    expect(all).toEqual([expect.stringMatching(/^1 ! Row 1 \(line 2\)/), '2 2 [Mug]']);
  });

  test('half a character of UTF-16 costs its row', async () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeffid,title\n1,', 'utf16le'),
      Buffer.from([0x3d, 0xd8]),
      Buffer.from('\n2,Mug\n', 'utf16le'),
    ]);
    expect(await shown(bytes)).toEqual([expect.stringMatching(/^1 ! .*column "title"/), '2 2 [Mug]']);
  });
});
