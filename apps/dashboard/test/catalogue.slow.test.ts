import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, faultsOf, look, openBrowser, openPage, seriousFindings, why } from './browser.js';

/** A person with a catalogue: key, file, template, price, go; watch; mend what failed; take the results. */

const rows = [
  ['Handle', 'Title', 'Body (HTML)'],
  ['mug', 'Stoneware mug', '<p>Deep <b>teal</b> glaze</p>'],
  ['lamp', 'Desk lamp', '<p>Alder wood</p>'],
  ['poison', 'Forbidden thing', '<p>refuse me</p>'],
];
const csv = rows.map((row) => row.map((cell) => `"${cell}"`).join(',')).join('\r\n');
const patient = { timeout: 60_000 };
jest.setTimeout(150_000);

let world: World;
let browser: Browser;
let page: Page;
let faults: string[];

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld(), openBrowser()]);
  ({ page, faults } = await openPage(browser, { acceptDownloads: true }));
  page.setDefaultTimeout(patient.timeout);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const shown = async (words: string | RegExp): Promise<void> => page.getByText(words).first().waitFor(patient);

/** The pages in the order in which a person comes to them: each test goes on where the one before ended. */
(executable ? describe : describe.skip)(`a catalogue, from the key to the results${why}`, () => {
  test('a key that is wrong is refused with what to do, a right one opens the first page', async () => {
    await page.goto(world.url);
    expect(await seriousFindings(page)).toEqual([]);
    await look(page, '1-key');
    await page.getByLabel('API key').fill('rm_live_wrong');
    await page.getByRole('button', { name: 'Open' }).click();
    await shown('This key is not accepted. Check that all of it was copied.');
    // The browser itself logs the 401 that was asked for.
    expect(faults.splice(0)).toEqual([expect.stringContaining('401')]);

    await page.getByLabel('API key').fill(world.key);
    await page.keyboard.press('Enter');
    await shown('No batch yet');
    expect(await seriousFindings(page)).toEqual([]);
    await look(page, '2-empty');
  });

  test('a dropped CSV brings a template, its first rows as prompts, and the price', async () => {
    await page.getByRole('link', { name: 'Start your first batch' }).click();
    await page.getByRole('heading', { name: 'New batch' }).waitFor(patient);
    // Who has no file at hand has one by a click.
    await page.getByRole('button', { name: 'Try it with three example products' }).click();
    await shown('example-products.csv');
    await page.setInputFiles('input[type=file]', { name: 'shop.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await shown('shop.csv');
    await page.getByLabel('Model').selectOption('gpt-image-1');
    await page.getByLabel('Size').selectOption('1024x1024');
    await page.getByLabel('Quality').selectOption('low');
    await page.getByRole('button', { name: 'Show first rows and price' }).click();
    await shown('Studio product photograph: Stoneware mug. Deep teal glaze');
    await shown('3 rows, 3 pictures');
    expect(await faultsOf(page, '3-new')).toEqual([]);
    const stored = await world.call<{ data: unknown[] }>('GET', '/v1/batches');
    expect(stored.body.data).toEqual([]);
    expect((await world.simulator.stats()).requests).toBe(0);
  });

  test('a template with a fault is told in the words of the API', async () => {
    const prompt = page.getByLabel('Prompt');
    const good = await prompt.inputValue();
    await prompt.fill('{{ Titel }} on white');
    await page.getByRole('button', { name: 'Show first rows and price' }).click();
    await page.getByRole('alert').filter({ hasText: 'Titel' }).waitFor(patient);
    expect(faults.splice(0)).toEqual([expect.stringContaining('400')]);
    await prompt.fill(good);
    await page.getByRole('button', { name: 'Show first rows and price' }).click();
    await shown('3 rows, 3 pictures');
  });

  test('what has no known price is said to have none, and may be started all the same', async () => {
    await page.getByLabel('Model').selectOption('dall-e-2');
    await page.getByLabel('Quality').selectOption('');
    await page.getByRole('button', { name: 'Show first rows and price' }).click();
    await page.getByRole('button', { name: 'Start without a known price' }).waitFor(patient);
    await page.getByRole('alert').filter({ hasText: "What 'dall-e-2' costs is not known" }).waitFor(patient);
    await page.getByLabel('Model').selectOption('gpt-image-1');
    await page.getByLabel('Quality').selectOption('low');
    await page.getByRole('button', { name: 'Show first rows and price' }).click();
    await shown('3 rows, 3 pictures');
  });

  test('it is started, watched to its end, and what failed stands under its reason', async () => {
    const refusal = { kind: 'moderation_blocked' as const };
    await world.simulator.faults([{ when: { promptIncludes: 'Forbidden' }, fault: refusal }] as never);
    await page.getByRole('button', { name: 'Start the batch' }).click();
    await page.getByRole('heading', { name: 'shop' }).waitFor(patient);
    await page.locator('.status[data-kind=completed]').waitFor(patient);
    expect(await page.locator('.legend').innerText()).toMatch(/2\s+done\s+1\s+failed/);
    await page.getByRole('link', { name: /mug/ }).waitFor(patient);
    const loaded = '[...document.querySelectorAll(".gallery img")].filter((one) => one.naturalWidth > 0).length';
    await until(async () => (await page.evaluate(loaded)) === 2);
    expect(await seriousFindings(page)).toEqual([]);
    await look(page, '4-batch');

    await page.getByRole('button', { name: 'Failures (1)' }).click();
    await shown('moderation_blocked');
    await page.getByText('Show lines').click();
    await page.getByRole('link', { name: 'poison' }).waitFor(patient);
    expect(await seriousFindings(page)).toEqual([]);
    await look(page, '5-failures');
  });

  test('the failed group is run again by one click, and what was done is not bought again', async () => {
    await world.simulator.faults([]);
    expect(await page.getByRole('button', { name: /^Retry 1 line/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Retry anyway' }).click();
    await shown('As they are, they will most likely fail again.');
    await page.getByRole('button', { name: 'Retry them' }).click();
    await page
      .locator('.legend')
      .filter({ hasText: /3 done\s*0 failed/ })
      .waitFor(patient);
    await page.locator('.status[data-kind=completed]').waitFor(patient);
    const billed = (await world.simulator.ledger()).filter(({ status }) => status === 200);
    expect(billed).toHaveLength(3);
  });

  test('results come by a link that the browser downloads without a key', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download', patient),
      page.getByRole('button', { name: 'Table (CSV)' }).click(),
    ]);
    const table = await readFile(await download.path(), 'utf8');
    expect(table.split('\n').filter((row) => row.includes(',completed,'))).toHaveLength(3);
    expect(download.suggestedFilename()).toBe('shop.csv');
    const damaged = await fetch(download.url().replace(/signature=..../, 'signature=AAAA'));
    expect(damaged.status).toBe(401);
    await damaged.body?.cancel();
  });

  test('a picture is shown large, arrows lead through the batch, Escape back to where it was left', async () => {
    await page.getByRole('button', { name: 'Pictures', exact: true }).click();
    await page.getByRole('link', { name: /mug/ }).click(patient);
    const viewer = page.getByRole('dialog');
    await viewer.getByText('1 of 3').waitFor(patient);
    await page.keyboard.press('ArrowRight');
    await viewer.getByText('lamp').waitFor(patient);
    const whole = 'document.querySelector("dialog img").naturalWidth';
    await until(async () => (await page.evaluate(whole)) === 1024);
    expect(await seriousFindings(page)).toEqual([]);
    await look(page, '5-viewer');
    await page.keyboard.press('+');
    await viewer.getByRole('button', { name: 'Fit to screen (−)' }).waitFor(patient);
    const [download] = await Promise.all([
      page.waitForEvent('download', patient),
      viewer.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('lamp.png');
    await page.keyboard.press('Escape');
    await viewer.waitFor({ state: 'detached', ...patient });
    const focused = async (): Promise<string> => page.evaluate('document.activeElement.textContent');
    await until(async () => (await focused()).includes('lamp'));
    await page.keyboard.press('ArrowLeft');
    await until(async () => (await focused()).includes('mug'));
  });

  test('a picture leads to its job: prompt, parameters, and every attempt with its cost', async () => {
    await page.getByRole('link', { name: /poison/ }).click(patient);
    await page.getByRole('dialog').getByRole('link', { name: 'Details of the job' }).click(patient);
    await page.getByRole('heading', { name: 'poison' }).waitFor(patient);
    await shown(/Studio product photograph: Forbidden thing/);
    const attempts = page.locator('tbody tr');
    await attempts.first().waitFor(patient);
    expect((await attempts.allInnerTexts()).at(-1)).toMatch(/Billed · HTTP 200/);
    expect(await seriousFindings(page)).toEqual([]);
    await look(page, '6-job');
  });

  test('providers show health, use of their limits and spend', async () => {
    await page.getByRole('link', { name: 'Providers' }).click();
    await page.getByRole('heading', { name: 'sim' }).waitFor(patient);
    await shown('Healthy');
    await shown('Spent today');
    expect(await seriousFindings(page)).toEqual([]);
    await look(page, '7-providers');
  });

  test('usage adds up what was bought, by day, model and provider', async () => {
    await page.getByRole('link', { name: 'Usage' }).click();
    const { body } = await world.call<{ total: { images: number; requests: number } }>('GET', '/v1/usage');
    expect(body.total).toMatchObject({ images: 3 });
    await page.locator('.standing .fact', { hasText: 'Pictures' }).filter({ hasText: '3' }).waitFor(patient);
    expect(await page.locator('.columns li').count()).toBe(30);
    await page.getByRole('region', { name: 'By model' }).getByText('gpt-image-1').waitFor(patient);
    await page.getByRole('region', { name: 'By provider' }).getByText('sim').waitFor(patient);
  });

  test('the list shows the batch; a reload keeps the key and the place', async () => {
    await page.getByRole('link', { name: 'Batches', exact: true }).click();
    await page.getByRole('link', { name: /shop/ }).waitFor(patient);
    expect(await seriousFindings(page)).toEqual([]);
    await look(page, '8-batches');
    await page.reload();
    await page.getByRole('link', { name: /shop/ }).waitFor(patient);
    expect(faults).toEqual([]);
  });

  test('every page of it is free of serious faults in light and dark, and no wider than a telephone', async () => {
    await page.getByRole('link', { name: /shop/ }).click();
    await page.locator('.gallery img').first().waitFor(patient);
    const batch = new URL(page.url()).hash;
    const line = batch.replace('#/batches/batch', '#/jobs/job');
    for (const hash of [batch, `${line}-1`, '#/batches', '#/jobs', '#/new', '#/usage', '#/providers', '#/nowhere']) {
      await page.goto(`${world.url}/${hash}`);
      await page.locator('h1, .empty').first().waitFor(patient);
      const name = hash.replaceAll(/\W+/g, '-').slice(0, 12);
      expect([hash, await faultsOf(page, `page${name}${hash === `${line}-1` ? '-line' : ''}`)]).toEqual([hash, []]);
    }
    expect(faults).toEqual([]);
  });

  test('on a narrow screen the menu is folded; the key that `npm start` hands over leaves the address', async () => {
    const { page: narrow, faults: narrowFaults } = await openPage(browser, { viewport: { width: 390, height: 844 } });
    await narrow.goto(`${world.url}/#key=${world.key}`);
    await narrow.getByRole('link', { name: /shop/ }).waitFor(patient);
    expect(narrow.url()).not.toContain(world.key);
    expect(await narrow.getByRole('link', { name: 'Providers' }).isVisible()).toBe(false);
    await narrow.getByRole('button', { name: 'Menu' }).click();
    expect(await seriousFindings(narrow)).toEqual([]);
    await look(narrow, 'narrow-menu');
    await narrow.getByRole('link', { name: 'Providers' }).click();
    await narrow.getByRole('heading', { name: 'Providers' }).waitFor(patient);
    expect(await narrow.getByRole('link', { name: 'Webhooks' }).isVisible()).toBe(false);
    expect(narrowFaults).toEqual([]);
    await narrow.close();
  });
});
