import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { makeKey } from '../../../test/keys.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, faultsOf, openBrowser, openPage, seriousFindings, why } from './browser.js';

/** What stands around every page: whether anything is spent, and the way to a new batch. */

jest.setTimeout(150_000);

let world: World;
let browser: Browser;

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld({ worker: false }), openBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

(executable ? describe : describe.skip)(`around every page${why}`, () => {
  test('it says that nothing is spent where that is so, and how a provider is connected', async () => {
    const { key } = await makeKey(world, { project: 'trial', mode: 'test' });
    const { page, faults } = await openPage(browser);
    for (const place of ['batches', 'usage', 'new']) {
      await page.goto(`${world.url}/#key=${key}`);
      await page.goto(`${world.url}/#/${place}`);
      await page.getByText('nothing is spent').waitFor();
    }
    await page.getByText('How to connect a provider').click();
    await page.getByText('This is a test key').waitFor();
    expect(await faultsOf(page, 'practice')).toEqual([]);
    expect(faults).toEqual([]);
  });

  test('where orders are paid it says nothing of the kind', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${world.url}/#key=${world.key}`);
    await page.getByText('No batch yet').waitFor();
    expect(await page.locator('.practice').count()).toBe(0);
  });

  test('“New batch” can be read under the mouse, in light and in dark', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${world.url}/#key=${world.key}`);
    const way = page.getByRole('link', { name: 'New batch' });
    await way.hover();
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await way.evaluate('document.querySelector("nav .new").matches(":hover")')).toBe(true);
      expect(await seriousFindings(page)).toEqual([]);
    }
  });
});
