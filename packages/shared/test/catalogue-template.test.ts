import { describe, expect, test } from '@jest/globals';
import { coerceScalars } from '@rendermill/shared/catalogue/coerce-scalars';
import { catalogueOptions } from '@rendermill/shared/catalogue/options';
import { lines, refusal, shown } from './catalogue-world.js';

const table =
  'id,Title,Image Src,Body (HTML),tag,tag,Qty\n1,Blue Cup,https://x/1.jpg,<p>a <b>fine</b> cup</p>,a,b,3\n2,Mug,,,,,\n';
const prompt = async (text: string, csv = table) => {
  const [line] = await lines(csv, { template: { custom_id: '{{ id }}', prompt: text } });
  if (line && 'body' in line) return line.body['prompt'];
  throw new Error(JSON.stringify(line));
};

describe('what a template sees', () => {
  test.each([
    ['{{ Title }}', 'Blue Cup'],
    ['{{ row["Image Src"] }}', 'https://x/1.jpg'],
    ['{{ row.Title | upcase }}', 'BLUE CUP'],
    ['{{ title }} {{ image_src }} {{ body_html | strip_html }}', 'Blue Cup https://x/1.jpg a fine cup'],
    ['{{ Title | handleize }} {{ Title | handle }}', 'blue-cup blue-cup'],
    ['{{ row["Body (HTML)"] | strip_html | truncate: 6 }}', 'a f...'],
    ['{{ Title | escape | append: "!" }}', 'Blue Cup!'],
    ['{% if Title contains "Cup" %}cup{% else %}no cup{% endif %}', 'cup'],
    ['{% for r in rows %}{{ r["Title"] }}{% endfor %}', 'Blue Cup'],
    ['no Liquid, {curly} and % signs', 'no Liquid, {curly} and % signs'],
    ['  blanks around are taken off  {{ "" }}', 'blanks around are taken off'],
  ])('%s', async (text, rendered) => {
    expect(await prompt(text)).toBe(rendered);
  });

  test.each([
    ['{% if Title %}yes{% else %}no{% endif %}', 'no'],
    ['{% if Title == "" %}yes{% else %}no{% endif %}', 'yes'],
    ['{% if Title == blank %}yes{% else %}no{% endif %}', 'yes'],
    ['{% if Title != "" %}yes{% else %}no{% endif %}', 'no'],
    ['{{ Title | default: "none" }}', 'none'],
    ['x{{ Title }}{{ Title | upcase | strip_html }}x', 'xx'],
  ])('an empty cell in %s', async (text, rendered) => {
    expect(await prompt(text, 'id,Title\n1,\n')).toBe(rendered);
  });

  test('a column may have any name', async () => {
    const csv = 'id,constructor,__proto__,商品名,a.b,2x\n1,A,B,C,D,E\n';
    const text = '{{ row["constructor"] }}{{ row["__proto__"] }}{{ 商品名 }}{{ row["a.b"] }}{{ row["2x"] }}';
    expect(await prompt(text, csv)).toBe('ABCDE');
  });

  test('cells are text, never templates', async () => {
    expect(await prompt('{{ Title }}', 'id,Title\n1,{{ id }}{% if %}\n')).toBe('{{ id }}{% if %}');
  });
});

describe('a template that does not fit the file', () => {
  test.each([
    ['{{ Titel }}', /template.prompt: There is no column "Titel". The columns are: id, Title, Image Src/],
    ['{{ row["Image Scr"] }}', /There is no column "Image Scr"/],
    ['{% if Nope == "x" %}{% endif %}', /There is no column "Nope"/],
    ['{{ rows | map: "Image Scr" | join }}', /There is no column "Image Scr"/],
    ['{% for r in rows %}{{ r.Titel }}{% endfor %}', /There is no column "Titel"/],
    ['{{ tag }}', /several columns named "tag"/],
    ['{{ row["tag"] }}', /several columns named "tag"/],
  ])('%s is refused before a row is read', async (text, message) => {
    const error = await refusal(table, { template: { custom_id: '{{ id }}', prompt: text } });
    expect(error.param).toBe('template.prompt');
    expect(error.message).toMatch(message);
  });

  test('an alias that two columns would have is none', async () => {
    const csv = 'id,Image Src,Image-Src\n1,a,b\n';
    const error = await refusal(csv, { template: { custom_id: '{{ id }}', prompt: '{{ image_src }}' } });
    expect(error.message).toMatch(/There is no column "image_src"/);
  });

  test('group_by names a column', async () => {
    const error = await refusal(table, { template: { custom_id: '{{ id }}', prompt: 'x' }, group_by: 'Handle' });
    expect(error.message).toMatch(/group_by: There is no column "Handle"/);
  });
});

describe('a template that is wrong without a file', () => {
  const faults = (template: unknown) =>
    catalogueOptions.safeParse({ template }).error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);

  test.each([
    [{ prompt: 'x' }, /template.custom_id: /],
    [{ custom_id: '{{ id', prompt: 'x' }, /template.custom_id: output .* not closed/],
    [{ custom_id: 'x', prompt: '{{ a | nofilter }}' }, /template.prompt: undefined filter: nofilter/],
    [{ custom_id: 'x', prompt: '{% include "x" %}' }, /template.prompt: tag "include" not found/],
    [{ custom_id: 'x', prompt: '{% render "x" %}' }, /template.prompt: tag "render" not found/],
    [{ custom_id: 'x', metadata: { a: '{{' } }, /template.metadata.a: /],
    [{ custom_id: 'x', when: 'a ==== b }} {{' }, /template.when: /],
    [{ custom_id: 'x', n: 50 }, /template.n: /],
    [{ custom_id: 'x', n: '50' }, /template.n: /],
    [{ custom_id: 'x', quality: 'best' }, /template.quality: /],
    [{ custom_id: 'x', nonsense: 1 }, /nonsense/],
    [{ custom_id: 'x', prompt: `{{ a }}${'x'.repeat(100_000)}` }, /template.prompt: .*100000/],
  ])('%j', (template, message) => {
    expect(faults(template)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });

  test('what a template may be is in it', () => {
    const template = {
      custom_id: '{{ id }}',
      when: 'x',
      n: '{{ n }}',
      size: '1024x1024',
      metadata: { a: '{{ a }}' },
      model: null,
    };
    expect(faults(template)).toBeUndefined();
  });

  test.each([['utf-7'], ['klingon'], ['']])('encoding %p is unknown', (encoding) => {
    const parsed = catalogueOptions.safeParse({ template: { custom_id: 'x' }, csv: { encoding } });
    expect(parsed.error?.issues[0]?.message).toMatch(/encoding is one of utf-8/);
  });

  test.each([['"'], ['\n'], ['a'], [',,'], ['']])('delimiter %p is none', (delimiter) => {
    expect(catalogueOptions.safeParse({ template: { custom_id: 'x' }, csv: { delimiter } }).success).toBe(false);
  });
});

describe('what a row comes to', () => {
  const id = '{{ id }}';

  test('an optional field that comes out empty is absent, and an empty item drops out of its list', async () => {
    const template = {
      custom_id: id,
      prompt: 'p',
      size: '{{ "" }}',
      user: '{{ Title }}',
      metadata: { title: '{{ Title }}', none: '{{ "" }}' },
      images: ['{{ image_src }}', 'https://x/2.jpg', '{{ "" }}'],
      type: 'edit',
    };
    const [, second] = await lines(table, { template });
    expect(second).toEqual({
      row: 2,
      custom_id: '2',
      body: { prompt: 'p', user: 'Mug', metadata: { title: 'Mug' }, images: ['https://x/2.jpg'], type: 'edit' },
    });
  });

  test('with images it is an edit, and none without one: not a picture of something else', async () => {
    const template = { custom_id: id, prompt: 'p', images: ['{{ image_src }}'] };
    const [first, second] = await lines(table, { template });
    expect(first).toMatchObject({ body: { type: 'edit', images: ['https://x/1.jpg'] } });
    expect(second).toMatchObject({ custom_id: '2', error: { code: 'missing_image', param: 'images' } });
  });

  test('a template may say itself what is an edit', async () => {
    const template = {
      custom_id: id,
      prompt: 'p',
      image: '{{ image_src }}',
      type: '{% if image_src %}edit{% else %}generation{% endif %}',
    };
    expect(await lines(table, { template })).toEqual([
      { row: 1, custom_id: '1', body: { prompt: 'p', image: ['https://x/1.jpg'], type: 'edit' } },
      { row: 2, custom_id: '2', body: { prompt: 'p', type: 'generation' } },
    ]);
  });

  test.each([
    ['Qty', 'FALSE'],
    ['Title contains "Cup"', ''],
    ['{{ image_src }}', ''],
    ['{% if Title == "Mug" %}{% else %}yes{% endif %}', ''],
  ])('`when: %s` skips', async (when) => {
    const all = await shown(table.replace('2,Mug,,,,,', '2,Mug,,,,,FALSE'), {
      template: { custom_id: id, prompt: 'p', when },
    });
    expect(all).toEqual(['1 1 p', '2 skipped']);
  });

  test.each([
    ['prompt', { prompt: '{{ image_src }}' }, 'missing_required_parameter', '2'],
    ['custom_id', { custom_id: '{{ image_src }}' }, 'missing_required_parameter', null],
  ])('an empty %s is its error', async (param, fields, code, custom_id) => {
    const [first, second] = await lines(table, { template: { custom_id: id, prompt: 'p', ...fields } });
    expect(first).toHaveProperty('body');
    expect(second).toMatchObject({ row: 2, custom_id, error: { code, param } });
  });

  test('a custom_id has at most 512 characters, none of them a control', async () => {
    const csv = `id,x\n${'é'.repeat(512)},1\n${'é'.repeat(513)},1\n"a\nb",1\n12/34 シャツ,1\n`;
    const all = await shown(csv, { template: { custom_id: id, prompt: 'p' } });
    expect(all.map((line) => line.includes('!'))).toEqual([false, true, true, false]);
  });

  test('a template that runs too long or too large costs its row, and the reading if it goes on so', async () => {
    const template = { custom_id: id, prompt: '{% for i in (1..3000000) %}{{ i }}{% endfor %}' };
    expect(await shown(`id,x\n1,1\n`, { template })).toEqual([expect.stringMatching(/^1 ! Row 1 \(line 2\): prompt/)]);
    const csv = `id,x\n${Array.from({ length: 25 }, (_, at) => `${at},${'x'.repeat(200_000)}\n`).join('')}`;
    const large = { custom_id: id, prompt: '{% for i in (1..6) %}{{ x }}{% endfor %}' };
    expect((await refusal(csv, { template: large })).message).toMatch(/The template takes too much: Row 21/);
  });

  test('numbers and booleans come as text, and are coerced by what the job asks for', () => {
    expect(
      coerceScalars({ n: ' 2 ', transparency: 'TRUE', deadline: '1800000000', prompt: '2', size: '1', user: 'true' }),
    ).toEqual({
      n: 2,
      transparency: true,
      deadline: 1_800_000_000,
      prompt: '2',
      size: '1',
      user: 'true',
    });
    expect(coerceScalars({ n: '1,5', output_compression: '' })).toEqual({ n: '1,5', output_compression: '' });
  });
});
