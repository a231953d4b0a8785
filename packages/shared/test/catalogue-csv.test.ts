import { describe, expect, test } from '@jest/globals';
import { refusal, showing, shown, sourceOf } from './catalogue-world.js';

describe('rows', () => {
  test.each([
    ['commas, LF', 'id,title\n1,Cup\n2,Mug\n'],
    ['CRLF and no last line end', 'id,title\r\n1,Cup\r\n2,Mug'],
    ['CR', 'id,title\r1,Cup\r2,Mug\r'],
    ['mixed line ends', 'id,title\r\n1,Cup\n2,Mug\r'],
    ['semicolons', 'id;title\n1;Cup\n2;Mug\n'],
    ['tabs', 'id\ttitle\n1\tCup\n2\tMug\n'],
    ['pipes', 'id|title\n1|Cup\n2|Mug\n'],
    ['quotes around everything', '"id","title"\r\n"1","Cup"\r\n"2","Mug"\r\n'],
    ['a byte order mark', '\ufeffid,title\n1,Cup\n2,Mug\n'],
    ['a byte order mark and quotes', '\ufeff"id";"title"\n1;Cup\n2;Mug\n'],
    ["Excel's sep line", 'sep=;\r\nid;title\r\n1;Cup\r\n2;Mug\r\n'],
    ["Excel's sep line in quotes", '"sep=;"\nid;title\n1;Cup\n2;Mug\n'],
    ['blanks and no-break spaces around names', ' id ,\u00a0title\u00a0\n1,Cup\n2,Mug\n'],
    ['empty lines', '\n\nid,title\n\n1,Cup\n\n   \n2,Mug\n\n\n'],
    ['rows of empty cells, as Excel leaves them', 'id,title\n1,Cup\n,\n2,Mug\n,\n,\n'],
    ['cells without a header, all empty', 'id,title\n1,Cup,\n2,Mug,,\n'],
    ['columns without a name', ',id,title,\nx,1,Cup,y\nx,2,Mug,y\n'],
    ['a column twice that is not asked for', 'id,title,tag,tag\n1,Cup,a,b\n2,Mug,a,b\n'],
  ])('%s', async (_name, text) => {
    expect(await shown(text)).toEqual(['1 1 [Cup]', '2 2 [Mug]']);
    // One byte at a time: no line end, quote or character is lost between two pieces.
    expect(await shown(sourceOf(text, 1))).toEqual(['1 1 [Cup]', '2 2 [Mug]']);
  });

  test.each([
    ['line breaks in quotes', '"a\r\nb\nc\rd"', 'a\r\nb\nc\rd'],
    ['doubled quotes', '"say ""hi"""', 'say "hi"'],
    ['the delimiter in quotes', '"a,b"', 'a,b'],
    ['a quote in the middle of text', '5" pipe', '5" pipe'],
    ['text after a closing quote', '"G I G" painted', '"G I G" painted'],
    ['curly text', '{{ title }} {% if x %} {curly}', '{{ title }} {% if x %} {curly}'],
    ['a formula', '"=HYPERLINK(""http://x"",""y"")"', '=HYPERLINK("http://x","y")'],
    ['a decimal comma', '"1,5"', '1,5'],
    [
      '18 kB of HTML',
      `"<p>${'<b class=""x"">fine</b>\r\n'.repeat(700)}</p>"`,
      `<p>${'<b class="x">fine</b>\r\n'.repeat(700)}</p>`,
    ],
    ['other scripts', 'シャツ 👕 Größe', 'シャツ 👕 Größe'],
  ])('a cell may have %s', async (_name, cell, text) => {
    const all = await shown(`id,title,more\n1,${cell},x\n2,Mug,y\n`, { template: showing('title', 'more') });
    expect(all).toEqual([`1 1 [${text}][x]`, '2 2 [Mug][y]']);
  });

  test('a catalogue may have 300 columns', async () => {
    const names = Array.from({ length: 298 }, (_, at) => `c${at}`);
    const text = `id,title,${names.join(',')}\n1,Cup,${names.join(',')}\n`;
    expect(await shown(text, { template: showing('title', 'c297') })).toEqual(['1 1 [Cup][c297]']);
  });

  test('lines under one column are cells, with whatever commas', async () => {
    const template = { custom_id: '{{ prompt | handleize }}', prompt: '{{ prompt }}' };
    expect(await shown('prompt\na cat, sitting\n"a dog, too"\n', { template })).toEqual([
      '1 a-cat-sitting a cat, sitting',
      '2 a-dog-too a dog, too',
    ]);
  });

  test('the delimiter is the one by which the rows agree with the header', async () => {
    const text = 'id\ttitle, EUR, net\tmore, or less\n1\tCup, red\tx\n2\tMug\ty\n';
    expect(await shown(text, { template: showing('title, EUR, net') })).toEqual(['1 1 [Cup, red]', '2 2 [Mug]']);
  });

  test('a delimiter that is given is the one', async () => {
    const text = 'id,a;title\n1,b;Cup\n';
    const refused = await refusal(text);
    expect(refused.message).toMatch(/by a comma or by a semicolon: say which in csv.delimiter/);
    const template = { custom_id: '{{ title }}', prompt: '{{ row["id,a"] }}' };
    expect(await shown(text, { template, csv: { delimiter: ';' } })).toEqual(['1 Cup 1,b']);
  });
});

describe('a row that cannot be read', () => {
  const around = (bad: string) => `id,title\n1,Cup\n${bad}\n2,Mug\n3,Pot\n`;

  test.each([
    ['more cells than columns', 'x,y,z', /^2 ! Row 2 \(line 3\): it has 3 cells under 2 columns/],
    ['fewer cells than columns', 'x', /^2 ! Row 2 \(line 3\): it has 1 cell under 2 columns/],
    ['a zero byte', 'x,a\0b', /^2 ! Row 2 \(line 3\), column "title": it has a zero byte/],
    ['a quote that is never closed', 'x,"never', /^2 ! Row 2 \(line 3\), column "title": a quote begins a cell/],
    ['a quote in the first cell that is never closed', '"x,never', /^2 ! Row 2 \(line 3\), column "id": a quote/],
    [
      'a cell of more than 1 MB',
      `x,${'a'.repeat(1_100_000)}`,
      /^2 ! Row 2 \(line 3\), column "title": the cell is longer/,
    ],
    ['more than 4 MB', `x,${'a'.repeat(5_000_000)}`, /^2 ! Row 2 \(line 3\): it is longer than 4 MB/],
    ['more than 4 MB in quotes', `x,"${'a'.repeat(5_000_000)}"`, /^2 ! Row 2 \(line 3\): it is longer than 4 MB/],
  ])('with %s costs itself only', async (_name, bad, message) => {
    const all = await shown(around(bad));
    expect(all).toEqual(['1 1 [Cup]', expect.stringMatching(message), '3 2 [Mug]', '4 3 [Pot]']);
  });

  test('with a quote that another row seems to close costs itself only', async () => {
    const all = await shown('id,title\n1,"Cup\n2,"Mug"\n3,"Pot"\n');
    expect(all).toEqual([expect.stringMatching(/^1 ! Row 1 \(line 2\).*quote/), '2 2 [Mug]', '3 3 [Pot]']);
  });

  test('tells the line, whatever line breaks cells had before', async () => {
    const all = await shown('id,title\r\n1,"Cup\r\nand\r\nsaucer"\r\n\r\nx\r\n');
    expect(all[1]).toMatch(/Row 2 \(line 6\)/);
  });

  test('with a quote that is not closed does not hold the rest of a large file', async () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => `${at + 2},${'Mug '.repeat(100)}`);
    const all = await shown(`id,title\n1,"Cup\n${rows.join('\n')}\n`);
    expect(all).toHaveLength(20_001);
    expect(all.filter((line) => line.includes('!'))).toEqual([expect.stringMatching(/^1 ! Row 1 \(line 2\)/)]);
  });

  test('is in every line of a file made for that: it is given up, not read for ever', async () => {
    // From the line's begin and from within quotes alike, each line ends within quotes.
    const error = await refusal(`id,title\n${'","y","z\n'.repeat(700_000)}`);
    expect(error.message).toMatch(/Too many quotes are not closed, the last one in line \d+/);
  });
});

describe('a file that is refused', () => {
  test.each([
    ['nothing in it', '', /empty/],
    ['a byte order mark only', '\ufeff', /empty/],
    ['line ends only', '\n\r\n', /empty/],
    ['an XLSX workbook', Buffer.from('504b030414000600', 'hex'), /Excel workbook \(XLSX\).*CSV UTF-8/],
    ['an XLS workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /XLS/],
    ['gzip', Buffer.from('1f8b0800', 'hex'), /unpacked/],
    ['JSON', '[\n  {"id": 1}\n]', /JSON/],
    ['JSONL', '{"custom_id":"a","body":{}}\n', /JSONL.*without `template`/],
    ['JSONL with a byte order mark', '\ufeff{"custom_id":"a"}\n', /JSON/],
    ['HTML that calls itself .xls', '<html><table><tr><td>id</td></tr></table>', /HTML/],
    ['zero bytes', Buffer.alloc(4_000), /zero bytes/],
    ['a header of empty names', ',,\n1,2,3\n', /names no column/],
    ['1,001 columns', `${Array.from({ length: 1_001 }, (_, at) => `c${at}`).join(',')}\n`, /1001 columns/],
    ['a header with an open quote', 'id,"title\n1,Cup\n', /header \(line 1\) cannot be read.*quote/],
  ])('has %s', async (_name, bytes, message) => {
    expect((await refusal(bytes, { template: { custom_id: 'x', prompt: 'y' } })).message).toMatch(message);
  });

  test('a header alone is a catalogue without rows', async () => {
    expect(await shown('id,title')).toEqual([]);
    expect(await shown('id;title\r\n')).toEqual([]);
  });

  test('the source is closed when reading ends early', async () => {
    const source = sourceOf(`id,title\n${'1,Cup\n'.repeat(500_000)}`);
    await refusal(source, { template: showing('nothing') });
    expect(source.destroyed).toBe(true);
  });

  test('an error of the source is an error of the reading', async () => {
    const source = sourceOf('id,title\n1,Cup\n');
    source.destroy(new Error('connection lost'));
    await expect(shown(source)).rejects.toThrow('connection lost');
  });
});
