import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { makeKey } from '../../../test/keys.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, faultsOf, look, openBrowser, openPage, why } from './browser.js';
import { dropFile } from './drop.js';

/** The page for a new batch: what starts is what was seen, what was written is kept, what is no catalogue is named. */

jest.setTimeout(150_000);

let world: World;
let browser: Browser;
let page: Page;
let faults: string[];

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld({ worker: false }), openBrowser()]);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

/** A tab of its own for each: nothing is kept from the one before. */
beforeEach(async () => {
  if (!executable) return;
  ({ page, faults } = await openPage(browser));
  page.setDefaultTimeout(60_000);
  await page.goto(`${world.url}/#key=${world.key}`);
  await page.getByRole('link', { name: 'New batch' }).first().click();
});

afterEach(async () => {
  await page?.close();
  expect(faults ?? []).toEqual([]);
});

const button = (name: string) => page.getByRole('button', { name, exact: true });
const shown = async (words: string | RegExp): Promise<void> => page.getByText(words).first().waitFor();
const csv = (...rows: string[][]): string => rows.map((row) => row.map((cell) => `"${cell}"`).join(',')).join('\r\n');
const header = ['Handle', 'Title', 'Vendor'];
const goods = csv(header, ['mug', 'Mug', 'Kiln'], ['lamp', 'Lamp', 'Hearth']);

async function take(name: string, content: string | Uint8Array): Promise<void> {
  expect(await dropFile(page, '.drop', name, content)).toBe(true);
  await page.locator('.drop').filter({ hasText: name }).getByRole('button', { name: 'Choose another' }).waitFor();
}

/** A model whose price is known. */
async function choosePriced(): Promise<void> {
  await page.getByLabel('Model').selectOption('gpt-image-1');
  await page.getByLabel('Size').selectOption('1024x1024');
  await page.getByLabel('Quality').selectOption('low');
}

const see = async (): Promise<void> => button('Show first rows and price').click();

interface Batch {
  readonly id: string;
  readonly input_file_id: string;
  readonly max_cost: number | null;
  readonly metadata: { readonly name?: string };
}

/** The batch that the page has started and gone to. */
async function started(): Promise<Batch> {
  await button('Start the batch').click();
  await page.waitForURL(/batches\/batch_/);
  const id = page.url().split('/').at(-1) ?? '';
  return (await world.call<Batch>('GET', `/v1/batches/${id}`)).body;
}

const batches = async (): Promise<number> =>
  (await world.call<{ data: unknown[] }>('GET', '/v1/batches?limit=100')).body.data.length;

/** Answers to `path` wait until they are let go. */
async function held(path: string): Promise<{ readonly asked: Promise<void>; readonly letGo: () => void }> {
  let letGo = (): void => undefined;
  const go = new Promise<void>((resolve) => (letGo = resolve));
  let tell = (): void => undefined;
  const asked = new Promise<void>((resolve) => (tell = resolve));
  await page.route(path, async (route) => {
    tell();
    await go;
    // A request that the page has given up meanwhile goes nowhere: nobody waits for it.
    await route.continue().catch(() => undefined);
  });
  return { asked, letGo };
}

(executable ? describe : describe.skip)(`what is bought${why}`, () => {
  test('a maximum cost that is no amount is refused where it is written, and nothing is looked at or started', async () => {
    const before = await batches();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await take('goods.csv', goods);
    await choosePriced();
    for (const written of ['10,50', '$5', '-1', '0', '1e3']) {
      await page.getByLabel('Maximum cost in USD').fill(written);
      await shown(`“${written}” is no amount. Write dollars with a point, as 10.50.`);
      await see();
    }
    expect(asked.filter((url) => url.includes('preview'))).toEqual([]);
    expect(await faultsOf(page, 'new-amount')).toEqual([]);

    await page.getByLabel('Maximum cost in USD').fill('10.50');
    await see();
    await shown('It costs at most $10.50.');
    // What was right when it was looked at does not start with something else.
    await page.getByLabel('Maximum cost in USD').fill('10,50');
    await page.locator('.go').getByText('“10,50” is no amount.').waitFor();
    expect(await button('Start the batch').isDisabled()).toBe(true);
    expect(await batches()).toBe(before);
    // Another maximum changes nothing of what was seen.
    await page.getByLabel('Maximum cost in USD').fill('20');
    await shown('It costs at most $20.00.');
    await page.getByLabel('Name of the batch').fill('Twenty');
    expect(await started()).toMatchObject({ max_cost: 20, metadata: { name: 'Twenty' } });
  });

  test('the form begins with a size and quality, so that the price is that of what is made; left open it is the most', async () => {
    await take('goods.csv', goods);
    const [size, quality] = [page.getByLabel('Size'), page.getByLabel('Quality')];
    expect([await size.inputValue(), await quality.inputValue()]).toEqual(['1024x1024', 'medium']);
    await page.getByLabel('Model').selectOption('gpt-image-1');
    await see();
    await shown('2 rows, 2 pictures');
    const price = page.locator('.price .large');
    const closer = await price.innerText();
    await quality.selectOption('');
    await see();
    await shown('Quality is left to the provider and counted at the dearest: choose for a closer price.');
    const most = await price.innerText();
    expect([closer, most]).toEqual([expect.stringMatching(/^\$/), expect.stringMatching(/^at most \$/)]);
    const amount = (words: string): number => Number(/\$([\d.]+)/.exec(words)?.[1]);
    expect(amount(most)).toBeGreaterThan(2 * amount(closer));
    // Each model has its own; what was chosen stays where the model has it.
    await size.selectOption('1024x1536');
    await page.getByLabel('Model').selectOption('dall-e-3');
    expect([await size.inputValue(), await quality.inputValue()]).toEqual(['1024x1024', '']);
    await size.selectOption('1792x1024');
    await page.getByLabel('Model').selectOption('gpt-image-1');
    expect(await size.inputValue()).toBe('1024x1024');
  });

  test('a preview that comes after another file was dropped cannot start the old one', async () => {
    await take('old.csv', goods);
    await choosePriced();
    const preview = await held('**/v1/batches/preview*');
    await see();
    await preview.asked;
    await take('new.csv', csv(header, ['cup', 'Cup', 'Kiln']));
    preview.letGo();
    await shown('File or template has changed since: show rows and price again.');
    expect(await button('Start the batch').isDisabled()).toBe(true);
    await page.unroute('**/v1/batches/preview*');

    await see();
    await shown('1 row, 1 picture');
    const { input_file_id: id } = await started();
    expect((await world.call<{ filename: string }>('GET', `/v1/files/${id}`)).body.filename).toBe('new.csv');
  });

  test('what is written while the preview is under way stands, and has to be looked at first', async () => {
    await take('goods.csv', goods);
    await choosePriced();
    const preview = await held('**/v1/batches/preview*');
    await see();
    await preview.asked;
    await page.getByLabel('Prompt').fill('{{ Title }} in the rain');
    preview.letGo();
    await shown('File or template has changed since: show rows and price again.');
    expect(await button('Start the batch').isDisabled()).toBe(true);
    expect(await page.getByLabel('Prompt').inputValue()).toBe('{{ Title }} in the rain');
  });

  test('while a file is uploaded nothing can be started; the upload can be cancelled', async () => {
    await take('goods.csv', goods);
    await choosePriced();
    await see();
    await shown('2 rows, 2 pictures');
    const upload = await held('**/v1/files');
    await dropFile(page, '.drop', 'second.csv', goods);
    await upload.asked;
    await page.getByRole('progressbar', { name: 'Uploading…' }).waitFor();
    expect(await button('Show first rows and price').isDisabled()).toBe(true);
    expect(await button('Start the batch').count()).toBe(0);
    // It goes on while another page is looked at.
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await page.getByRole('link', { name: 'New batch' }).click();
    await page.getByRole('progressbar', { name: 'Uploading…' }).waitFor();
    await button('Cancel upload').click();
    await page.locator('.drop').getByText('goods.csv').waitFor();
    upload.letGo();
    // The browser logs no fault of its own for what was cancelled.
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('the rows come into sight with their price, and nothing lies over them', async () => {
    await take('goods.csv', goods);
    await choosePriced();
    await see();
    await shown('2 rows, 2 pictures');
    const inSight = `(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(document.querySelector('.rows').getBoundingClientRect())`;
    await page.waitForFunction(inSight);
    const over = `(({ left, top, width }) => document.elementFromPoint(left + width / 2, top + 8).closest('.go'))(document.querySelector('.rows').getBoundingClientRect())`;
    expect(await page.evaluate(over)).toBeNull();
    expect(await page.evaluate('getComputedStyle(document.querySelector(".go")).position')).toBe('static');
  });

  test('rows that cannot be bought are told by number and reason, beside the price of the others', async () => {
    const bad = Array.from({ length: 9 }, (_, at) => ['', `Nameless ${at}`, '']);
    await take('mixed.csv', csv(header, ...bad, ['mug', 'Mug', 'Kiln']));
    await choosePriced();
    await page.getByLabel('One job per').selectOption('');
    await see();
    // Not one of the first rows has a price; the batch has.
    await shown('10 rows, 1 picture');
    await shown('9 rows cannot be bought as they are; they will be in the error file.');
    const last = page.locator('.invalid li').last();
    expect(await last.innerText()).toMatch(/^9\s[\s\S]*Row 9 \(line 10\): custom_id comes out empty/);
    expect(await button('Start the batch').isEnabled()).toBe(true);
    expect(await faultsOf(page, 'new-invalid')).toEqual([]);
  });

  test('rows that are skipped and ids that come again are told before the start', async () => {
    await take('twice.csv', csv(header, ['mug', 'Mug', 'Kiln'], ['cup', '', 'Kiln'], ['mug', 'Other mug', 'Kiln']));
    await choosePriced();
    await page.getByLabel('One job per').selectOption('');
    await see();
    await shown('2 rows, 1 picture');
    await shown('1 row skipped by “Only rows where”.');
    await shown('Row 3 has the same id as row 1: "mug".');
    await page.getByLabel('Only rows where').fill('');
    await see();
    await shown('3 rows, 2 pictures');
    expect(await page.getByText('skipped by').count()).toBe(0);
  });

  test('where nothing can be bought the reason stands beside the button', async () => {
    await take('bad.csv', csv(header, ['', 'Nameless', '']));
    await choosePriced();
    await page.getByLabel('One job per').selectOption('');
    await see();
    await shown('Not one row can be bought as it is: the reasons stand above.');
    expect(await button('Start the batch').isDisabled()).toBe(true);
    await page.getByLabel('Only rows where').fill("Title == 'Nothing'");
    await page.keyboard.press('Enter');
    await shown('No row fits “Only rows where”. Change it, then show the rows again.');
    expect(await button('Start the batch').isDisabled()).toBe(true);
  });
});

(executable ? describe : describe.skip)(`what is written${why}`, () => {
  test('stays when the file’s columns change, and names those that are missing', async () => {
    await take('goods.csv', goods);
    await page.getByLabel('Prompt').fill('{{ Title | upcase }} by {{ Vendor }}');
    await page.getByLabel('Only rows where').fill('Vendor');
    await take('fewer.csv', csv(['Handle', 'Title'], ['mug', 'Mug']));
    await shown('This file has no column “Vendor”, which your template uses.');
    expect(await page.getByLabel('Prompt').inputValue()).toBe('{{ Title | upcase }} by {{ Vendor }}');
    // What was not touched is of the new file.
    expect(await page.getByLabel('Name of the batch').inputValue()).toBe('fewer');
    await page.getByLabel('Prompt').fill('{{ Title | upcase }}');
    await page.getByLabel('Only rows where').fill('Title');
    await page.getByText('This file has no column').waitFor({ state: 'detached' });

    // A name is its file's; the rest is said to be kept, until it is not wanted.
    await page.getByLabel('Name of the batch').fill('Autumn');
    await take('goods.csv', goods);
    expect(await page.getByLabel('Name of the batch').inputValue()).toBe('goods');
    await shown('What you chose for the file before is kept.');
    await button('Start over').click();
    expect(await page.getByLabel('Prompt').inputValue()).toMatch(/^Studio product photograph/);
    expect(await page.getByLabel('Only rows where').inputValue()).toBe('{{ Title }}');
    expect(await button('Start over').count()).toBe(0);
  });

  test('stays with its file when the page is left or loaded again, for this key alone', async () => {
    await take('goods.csv', goods);
    await choosePriced();
    await page.getByLabel('Prompt').fill('{{ Title }} on moss');
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await page.getByRole('link', { name: 'New batch' }).click();
    expect(await page.getByLabel('Prompt').inputValue()).toBe('{{ Title }} on moss');
    await page.reload();
    await page.locator('.drop').getByText('goods.csv').waitFor();
    expect(await page.getByLabel('Prompt').inputValue()).toBe('{{ Title }} on moss');
    await see();
    await shown('Mug on moss');

    const { key } = await makeKey(world, { project: 'default', name: 'Other', scopes: ['batches', 'files'] });
    await button('Forget key').click();
    await page.getByLabel('API key').fill(key);
    await page.keyboard.press('Enter');
    await page.getByText('Drop a CSV here, or choose one').waitFor();
    expect(await page.getByLabel('Prompt').count()).toBe(0);
    // This key may order, and not ask for prices.
    await take('goods.csv', goods);
    await see();
    await button('Start without a known price').waitFor();
    expect(faults.splice(0).every((fault) => fault.includes('403'))).toBe(true);
  });

  test('may take each row’s size from its column', async () => {
    const rows = [
      ['mug', 'Mug', '1024x1024'],
      ['lamp', 'Lamp', '1024x1536'],
    ];
    await take('sizes.csv', csv(['Handle', 'Title', 'Image size'], ...rows));
    await choosePriced();
    await page.getByLabel('Size').selectOption({ label: 'from column “Image size”' });
    const asked = page.waitForRequest('**/v1/batches');
    await see();
    await shown('2 rows, 2 pictures');
    await started();
    expect((await asked).postDataJSON()).toMatchObject({ template: { size: '{{ row["Image size"] }}' } });
    await page.getByRole('link', { name: 'New batch' }).first().click();
    await take('goods.csv', goods);
    await shown('This file has no column “Image size”, which your template uses.');
    await page.getByLabel('Size').selectOption('1024x1024');
    await page.getByText('This file has no column').waitFor({ state: 'detached' });
  });

  test('is kept beside the styles to choose from', async () => {
    await take('goods.csv', goods);
    const prompt = page.getByLabel('Prompt');
    const choose = async (name: string | RegExp): Promise<void> => page.getByRole('radio', { name }).check();
    expect(await prompt.inputValue()).toMatch(/^Studio product photograph: {{ Title }}/);
    await choose(/Lifestyle/);
    expect(await prompt.inputValue()).toMatch(/^Lifestyle photograph/);
    await prompt.fill('My mug, {{ Title }}');
    expect(await page.getByRole('radio', { name: /^My own words/ }).isChecked()).toBe(true);
    await choose(/Flat lay/);
    expect(await prompt.inputValue()).toMatch(/^Flat lay/);
    await prompt.press('End');
    await prompt.pressSequentially('!');
    await choose(/^My own words My mug/);
    expect(await prompt.inputValue()).toBe('My mug, {{ Title }}');
    await choose(/^My own words 2/);
    expect(await prompt.inputValue()).toMatch(/^Flat lay[\s\S]*!/);
    expect(await page.getByRole('radio', { name: /Your photo/ }).isDisabled()).toBe(true);
  });

  test('a catalogue with pictures has them edited', async () => {
    const url = 'https://cdn.example.com/mug.png';
    await take('photos.csv', csv(['Handle', 'Title', 'Image Src'], ['mug', 'Mug', url], ['lamp', 'Lamp', '']));
    await page.getByRole('radio', { name: /Your photo/ }).check();
    await choosePriced();
    await see();
    await shown(/^Put the product of this photograph on a seamless pure white background. It is: Mug/);
    await shown(url);
    // The row without a picture is none of it.
    await shown(/^1 row, 1 picture/);
    expect(await faultsOf(page, 'new-styles')).toEqual([]);

    // Words for an edit are bought for no file without pictures, whatever was chosen between.
    await page.getByLabel('Prompt').fill('Put {{ Title }} on moss');
    await take('goods.csv', goods);
    await shown('This file has no column “Image Src”, which your template uses.');
    await page.getByRole('radio', { name: /Studio photo/ }).check();
    await page.getByText('This file has no column').waitFor({ state: 'detached' });
    await page.getByRole('radio', { name: /^My own words/ }).check();
    await shown('This file has no column “Image Src”, which your template uses.');
    await see();
    await page.getByRole('alert').filter({ hasText: 'Image Src' }).waitFor();
    expect(faults.splice(0)).toEqual([expect.stringContaining('400')]);
  });
});

(executable ? describe : describe.skip)(`what is dropped${why}`, () => {
  test('in an encoding that is not UTF-8 is read once that is said', async () => {
    await take('loja.csv', Buffer.from('Código;Título\r\nmug;Xícara de café\r\n', 'latin1'));
    await shown('These names are not UTF-8. Say under “File format” what the file’s encoding is.');
    await page.getByText('File format', { exact: true }).click();
    await page.getByLabel('Encoding').fill('windows-1252');
    await button('Título').waitFor();
    await page.getByRole('list', { name: '2 columns of your file' }).waitFor();
    expect(await page.getByLabel('Id of each row').inputValue()).toBe('{{ row["Código"] }}');
    await page.getByLabel('Prompt').fill('{{ row["Título"] }} de barro');
    await choosePriced();
    await see();
    await shown('Xícara de café de barro');

    // A mended file of the same encoding is read as it was; one in UTF-8 is not read as the one before.
    await take('loja.csv', Buffer.from('Código;Título\r\nmug;Xícara de chá\r\n', 'latin1'));
    await button('Título').waitFor();
    await take('loja.csv', 'Código;Título\r\nmug;Xícara de chá\r\n');
    await button('Título').waitFor();
    await see();
    await shown('Xícara de chá de barro');
  });

  test('as JSONL is sent as it is, with its price before the start', async () => {
    const line = (id: string) =>
      JSON.stringify({
        custom_id: id,
        method: 'POST',
        url: '/v1/images/generations',
        body: { model: 'gpt-image-1', prompt: `a ${id}`, size: '1024x1024', quality: 'low' },
      });
    await take('lines.csv', `${line('mug')}\n${line('lamp')}\n`);
    await shown('This file is JSONL');
    expect(await page.getByLabel('Prompt').count()).toBe(0);
    await page.getByLabel('Maximum cost in USD').fill('2');
    await see();
    await shown('2 rows, 2 pictures');
    await shown('a lamp');
    expect(await faultsOf(page, 'new-lines')).toEqual([]);
    expect(await started()).toMatchObject({ max_cost: 2, metadata: { name: 'lines' } });
  });

  test('as JSONL with a line that is none is not started', async () => {
    await take('lines.jsonl', '{"custom_id": "mug"\n');
    await see();
    await shown('A batch with this would be refused.');
    await page.getByRole('alert').filter({ hasText: 'Line 1: ' }).waitFor();
    expect(await button('Start the batch').isDisabled()).toBe(true);
    expect(faults.splice(0)).toEqual([expect.stringContaining('400')]);
  });

  test('from Shopify has every column in sight', async () => {
    await take('shop.csv', await readFile('examples/catalogues/shopify-products.csv'));
    const names = page.getByRole('list', { name: '29 columns of your file' });
    await names.getByRole('button', { name: 'Variant SKU' }).waitFor();
    await choosePriced();
    await see();
    await shown(/a picture/);
    expect(
      await page.evaluate(
        '(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight)(document.querySelector(".chips"))',
      ),
    ).toBe(true);
    // A long prompt is folded to three lines; a click shows the rest.
    const prompt = page.locator('.folded').first();
    const height = async (): Promise<number> => (await prompt.boundingBox())?.height ?? 0;
    const folded = await height();
    await prompt.locator('summary').click();
    expect(await height()).toBeGreaterThan(folded);
    await look(page, 'new-shopify');
  });

  test('and is no catalogue is named, with what to do, before anything is uploaded', async () => {
    const uploads: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/v1/files')) uploads.push(request.url());
    });
    const refused = async (words: string): Promise<void> =>
      page.getByRole('alert').filter({ hasText: words }).waitFor();
    await dropFile(page, '.drop', 'goods.csv', new Uint8Array([0x50, 0x4b, 3, 4, 20, 0]));
    await refused('choose “Save as” and “CSV UTF-8”');
    await dropFile(page, '.drop', 'goods.jsonl', '[{"custom_id": "a"}]');
    await refused('This is one JSON list.');
    await dropFile(page, '.drop', 'goods.csv', '');
    await refused('The file is empty.');
    const folder = await mkdtemp(join(tmpdir(), 'rm-large-'));
    try {
      const large = join(folder, 'large.csv');
      const file = await open(large, 'w');
      // Sparse: it takes no room.
      await file.truncate(2 * 1024 ** 3 + 1);
      await file.close();
      await page.setInputFiles('input[type=file]', large);
      await refused('The file has more than 2 GB.');
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(uploads).toEqual([]);
  });

  test('beside the box does not take the page away', async () => {
    expect(await dropFile(page, 'h1', 'goods.csv', goods)).toBe(true);
    await shown('Drop a CSV here, or choose one');
    await look(page, 'new-empty');
  });
});
