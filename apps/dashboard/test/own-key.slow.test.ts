import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { makeKey } from '../../../test/keys.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, openBrowser, openPage, why } from './browser.js';

/** The key that the page itself uses, changed on that page. */

jest.setTimeout(150_000);

let world: World;
let browser: Browser;
let page: Page;
let faults: string[];
let key: string;

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld({ worker: false }), openBrowser()]);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

beforeEach(async () => {
  if (!executable) return;
  ({ key } = await makeKey(world, { project: 'shop', name: 'Mine', scopes: ['admin', 'batches'] }));
  ({ page, faults } = await openPage(browser));
  page.setDefaultTimeout(60_000);
  await page.goto(`${world.url}/#key=${key}`);
  await page.getByRole('link', { name: 'API keys' }).click();
});

const own = () => page.locator('article').filter({ hasText: 'You are using this key.' });
const status = async (one: string): Promise<number> =>
  (await world.call('GET', '/v1/api_keys/current', undefined, { authorization: `Bearer ${one}` })).status;

(executable ? describe : describe.skip)(`one’s own key${why}`, () => {
  test('is rotated without hours: the new one is shown, and the page goes on with it', async () => {
    await own().getByRole('button', { name: 'Rotate' }).click();
    await page.getByLabel('Hours').fill('0');
    await page.getByRole('button', { name: 'Make the new key' }).click();
    const secret = page.getByLabel('The key: Mine').getByRole('textbox');
    const next = await secret.inputValue();
    expect([await status(key), await status(next)]).toEqual([401, 200]);
    await page.getByRole('link', { name: 'Batches', exact: true }).click();
    await page.getByText('No batch yet').waitFor();
    await page.reload();
    await page.getByText('No batch yet').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('stays as it is where no hours are said', async () => {
    await own().getByRole('button', { name: 'Rotate' }).click();
    await page.getByLabel('Hours').fill('');
    await page.getByRole('button', { name: 'Make the new key' }).click();
    expect(await page.locator('.sure input:invalid').count()).toBe(1);
    expect(await status(key)).toBe(200);
    expect(await page.getByLabel('The key: Mine').count()).toBe(0);
    await page.close();
  });

  test('is revoked after a word that the page closes, and says so at the entry', async () => {
    await own().getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('Revoke the key that this page uses? The page closes').waitFor();
    await page.getByRole('button', { name: 'Revoke it' }).click();
    await page.getByRole('alert').filter({ hasText: 'The key of this page is revoked.' }).waitFor();
    expect(await status(key)).toBe(401);
    await page.close();
  });
});
