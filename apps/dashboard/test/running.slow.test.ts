import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { createBatch, endedBatch, lines } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, look, openBrowser, openPage, seriousFindings, why } from './browser.js';

/** A batch of a thousand lines while it runs: watched, held, gone on with, stopped; and its gallery from end to end. */

jest.setTimeout(150_000);

let world: World;
let browser: Browser;
let page: Page;
let id: string;

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld({ account: { limits: { concurrency: 4 } } }), openBrowser()]);
  await world.simulator.faults([{ when: { promptIncludes: 'stuck' }, fault: { kind: 'hang_before_headers' } }]);
  const requests = [...lines(6, 'quick'), ...lines(994, 'stuck')];
  ({ id } = await createBatch(world, { requests, priority: 'normal', metadata: { name: 'Autumn' } }));
  ({ page } = await openPage(browser));
  page.setDefaultTimeout(60_000);
});

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

(executable ? describe : describe.skip)(`a batch that runs${why}`, () => {
  test('its figures move by themselves, and it says what holds it back', async () => {
    await page.goto(`${world.url}/#key=${world.key}`);
    await page.getByRole('link', { name: /Autumn/ }).click();
    await page
      .locator('.legend')
      .filter({ hasText: /6 done.*994 to do/ })
      .waitFor();
    await page
      .locator('.fact', { hasText: 'Held back by' })
      .filter({ hasText: 'the provider’s limit of calls at once' })
      .waitFor();
    // From the first few lines on it tells when it will be done, and what it will cost.
    await page
      .locator('.fact', { hasText: 'Time left' })
      .filter({ hasText: /\d (s|min|h)/ })
      .waitFor();
    await page
      .locator('.fact', { hasText: 'Cost so far' })
      .filter({ hasText: /of about \$\d/ })
      .waitFor();
    await page.locator('.picture', { hasText: 'Rendering' }).first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await look(page, '9-running');
  });

  test('a thousand lines scroll to the last while only those near the view are drawn', async () => {
    await until(async () => {
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
      return page.getByRole('link', { name: /Line 1000|stuck 994/ }).isVisible();
    });
    expect(await page.locator('.gallery li').count()).toBeLessThan(150);
    await page.evaluate('scrollTo(0, 0)');
    await page.getByRole('link', { name: 'Done quick 1' }).waitFor();
    expect(await page.locator('.gallery li').count()).toBeLessThan(150);
  });

  test('what comes into view while lines are being read is read afterwards', async () => {
    await page.evaluate('scrollTo(0, 0)');
    await page.getByRole('link', { name: 'Done quick 1', exact: true }).waitFor();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const caught: string[] = [];
    await page.route(/\/v1\/batches\/[^/]+\/jobs\?/, async (route) => {
      caught.push(route.request().url());
      await held;
      await route.continue();
    });
    // The lines in view are read again every few seconds; with that under way the page is scrolled on, and left alone.
    await until(async () => caught.length > 0);
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await page.locator('.gallery [data-place="999"]').waitFor();
    release();
    await page.getByRole('link', { name: /stuck 994/ }).waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    await page.evaluate('scrollTo(0, 0)');
    await page.getByRole('link', { name: 'Done quick 1', exact: true }).waitFor();
  });

  test('it is paused and gone on with', async () => {
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.fact', { hasText: 'Held back by' }).filter({ hasText: 'paused by you' }).waitFor();
    const { body } = await world.call<{ paused_at: number | null }>('GET', `/v1/batches/${id}`);
    expect(body.paused_at).not.toBeNull();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('.status', { hasText: 'Running' }).waitFor();
  });

  test('to stop it asks once more; then its lines are shown as cancelled, and can be retried', async () => {
    await page.getByRole('button', { name: 'Cancel batch' }).click();
    await page.getByRole('button', { name: 'Keep running' }).click();
    await page.getByRole('button', { name: 'Cancel batch' }).click();
    await page.getByRole('button', { name: 'Stop it' }).click();
    await page.locator('.status', { hasText: 'Stopping' }).waitFor();
    await world.simulator.faults([]);
    await world.simulator.release();
    expect((await endedBatch(world, id)).status).toBe('cancelled');
    await page.locator('.status', { hasText: 'Cancelled' }).first().waitFor();
    // What was seen as waiting is seen as it ended.
    await page.locator('.picture', { hasText: 'Cancelled' }).first().waitFor();
    await page.getByRole('button', { name: /^Retry all 99\d lines/ }).waitFor();
    // What the person stopped has not failed, and is not done.
    await page.getByText(/^\d+ of 1,000 done$/).waitFor();
    expect(await page.getByText('100%').count()).toBe(0);
    expect(await page.getByRole('button', { name: /^Failures/ }).count()).toBe(0);
    await page.getByRole('button', { name: /^Cancelled \(99\d\)/ }).click();
    await page.getByRole('heading', { name: /^cancelled/ }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });
});
