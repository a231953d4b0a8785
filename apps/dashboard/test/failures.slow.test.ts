import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { createBatch, endedBatch, getBatch, lines } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, faultsOf, openBrowser, openPage, why } from './browser.js';

/** What failed: found, understood, run again – all of it, a group, or those that failed like one line. */

jest.setTimeout(150_000);

let world: World;
let browser: Browser;
let page: Page;
let faults: string[];

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld(), openBrowser()]);
  ({ page, faults } = await openPage(browser));
  page.setDefaultTimeout(60_000);
  await page.goto(`${world.url}/#key=${world.key}`);
  await page.getByText('No batch yet').waitFor();
});

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
const shown = async (words: string | RegExp): Promise<void> => page.getByText(words).first().waitFor();
const focused = async (): Promise<string> =>
  page.evaluate('document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent');
const refuse = (promptIncludes: string) => ({
  when: { promptIncludes },
  fault: { kind: 'moderation_blocked' as const },
});

async function batchOf(body: Record<string, unknown>): Promise<string> {
  const { id } = await createBatch(world, body);
  await endedBatch(world, id);
  return id;
}

(executable ? describe : describe.skip)(`who is new${why}`, () => {
  test('sees in three steps what to do and what comes of it', async () => {
    expect(await page.locator('.steps li').count()).toBe(3);
    expect(await faultsOf(page, 'batches-empty')).toEqual([]);
  });
});

(executable ? describe : describe.skip)(`lines that did not fit under the maximum cost${why}`, () => {
  let id: string;

  test('are run again under a new maximum that the page asks for, with what is spent', async () => {
    // A line is 1.09 cents: two fit.
    id = await batchOf({ requests: lines(4, 'capped'), max_cost: 0.025, metadata: { name: 'Capped' } });
    await page.goto(`${world.url}/#/batches/${id}?view=failures`);
    await shown('The batch’s maximum cost was reached before these. Retry them with a higher one.');
    expect(await faultsOf(page, 'failures-capped')).toEqual([]);
    const retry = page.locator('.group').getByRole('button', { name: 'Retry 2 lines · about $0.0218' });
    await retry.click();
    await shown('The batch may cost $0.025 at most, and $0.0218 of that is spent.');
    expect(await faultsOf(page, 'failures-cap')).toEqual([]);
  });

  test('by keyboard: it goes into the question, Escape leads back, and no maximum below what is spent is taken', async () => {
    await page.keyboard.press('Escape');
    await until(async () => (await focused()).startsWith('Retry 2 lines'));
    await page.keyboard.press('Enter');
    const field = page.getByLabel('Maximum cost in USD');
    await field.waitFor();
    expect(await field.evaluate('document.activeElement.type')).toBe('number');
    await field.fill('0.01');
    await page.keyboard.press('Enter');
    expect(await field.evaluate('document.activeElement.validity.rangeUnderflow')).toBe(true);
    expect((await getBatch(world, id)).status).toBe('completed');
    await field.fill('0.05');
    await page.keyboard.press('Enter');
    await shown('2 lines queued again.');
    // Not greyed out for a while: it is gone at once.
    expect(await page.locator('.group').count()).toBe(0);
    const ended = await endedBatch(world, id);
    expect(ended.request_counts).toMatchObject({ completed: 4, failed: 0 });
    await shown('Nothing has failed.');
    expect(await page.evaluate('document.activeElement !== document.body')).toBe(true);
    expect(faults).toEqual([]);
  });
});

(executable ? describe : describe.skip)(`a line that failed${why}`, () => {
  let id: string;

  test('leads back to where it was chosen: the view, its group open, and itself under the keyboard', async () => {
    await world.simulator.faults([refuse('poison')]);
    const requests = [...lines(3, 'fine'), ...lines(3, 'poison')];
    id = await batchOf({ requests, metadata: { name: 'Poisoned' } });
    await page.goto(`${world.url}/#/batches/${id}`);
    await button('Failures (3)').click();
    await page.locator('summary', { hasText: 'Show lines' }).click();
    await page.getByRole('link', { name: 'poison 2' }).click();
    await page.getByRole('heading', { name: 'poison 2' }).waitFor();
    await shown('The provider’s moderation refused the prompt or picture');
    expect(await faultsOf(page, 'line-failed')).toEqual([]);
    await page.getByRole('link', { name: 'Back to the batch' }).click();
    await page.getByRole('link', { name: 'poison 2' }).waitFor();
    await until(async () => (await focused()) === 'poison 2');
    expect(new URL(page.url()).hash).toBe(`#/batches/${id}?view=failures&line=5`);
    await page.reload();
    await page.getByRole('link', { name: 'poison 2' }).waitFor();
  });

  test('in the gallery too: filter and place stand in the address, for a reload and for both ways back', async () => {
    await button('Pictures').click();
    await page.getByLabel('Show').selectOption('failed');
    const tile = page.getByRole('link', { name: /poison 3/ });
    await tile.click();
    await page.getByRole('heading', { name: 'poison 3' }).waitFor();
    await page.getByRole('link', { name: 'Back to the batch' }).click();
    await tile.waitFor();
    expect(new URL(page.url()).hash).toBe(`#/batches/${id}?status=failed&place=3`);
    await until(async () => (await focused()).includes('poison 3'));
    await page.reload();
    await tile.waitFor();
    expect(await page.getByLabel('Show').inputValue()).toBe('failed');
    expect(await page.getByRole('link', { name: /fine/ }).count()).toBe(0);
    await page.goto(`${world.url}/#/jobs/${id.replace('batch', 'job')}-6`);
    await page.getByRole('heading', { name: 'poison 3' }).waitFor();
    await page.goBack();
    await tile.waitFor();
    // An address that was mistyped shows all from the beginning.
    await page.goto(`${world.url}/#/batches/${id}?status=toString&place=abc`);
    await page.reload();
    await page.getByRole('link', { name: /fine 1/ }).waitFor();
    expect(await page.getByLabel('Show').inputValue()).toBe('all');
    // By a link from elsewhere the way leads to the line among all.
    await page.goto(`${world.url}/#/jobs/${id.replace('batch', 'job')}-2`);
    await page.reload();
    await page.getByRole('heading', { name: 'fine 2' }).waitFor();
    await page.getByRole('link', { name: 'Back to the batch' }).click();
    await until(async () => (await focused()).includes('fine 2'));
  });

  test('brings all that failed like it to run again, after it was said how many they are', async () => {
    await world.simulator.faults([]);
    await page.goto(`${world.url}/#/jobs/${id.replace('batch', 'job')}-4`);
    // A retry is not what helps here: it stands behind a quiet word.
    expect(await button('Retry all that failed like this').count()).toBe(0);
    await button('Retry anyway').click();
    await shown(
      'As they are, they will most likely fail again. Every line of the batch that failed for this reason is run again:',
    );
    await shown('Retry 3 lines · about $0.0327');
    await button('Retry them').click();
    await shown('3 lines queued again.');
    await page.locator('.status[data-kind=completed]').waitFor();
    const ended = await endedBatch(world, id);
    expect(ended.request_counts).toMatchObject({ completed: 6, failed: 0 });
    // What was queued has ended: it is said no more.
    await page.getByText('3 lines queued again.').waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
  });
});

(executable ? describe : describe.skip)(`many that failed${why}`, () => {
  test('are listed up to a hundred, with how many more there are; while it runs it says when they can be retried', async () => {
    await world.simulator.faults([
      refuse('poison'),
      { when: { promptIncludes: 'stuck' }, fault: { kind: 'hang_before_headers' } },
    ]);
    const requests = [...lines(2, 'poison'), ...lines(2, 'stuck')];
    const { id } = await createBatch(world, { requests, priority: 'normal', metadata: { name: 'Many' } });
    await until(async () => (await getBatch(world, id)).request_counts.failed === 2);
    await page.goto(`${world.url}/#/batches/${id}`);
    await page.locator('.picture', { hasText: 'Rendering' }).first().waitFor();
    expect(await faultsOf(page, 'running')).toEqual([]);
    // As many as no test buys.
    const named = Array.from({ length: 130 }, (_, i) => ({
      line: i + 1,
      job_id: `job_x-${i + 1}`,
      custom_id: `id ${i + 1}`,
    }));
    await page.route(/\/failures/, (route) =>
      route.fulfill({
        json: {
          object: 'batch_failures',
          data: [{ code: 'moderation_blocked', message: 'no', count: 1_250, lines: named }],
          has_more: false,
          last_id: null,
        },
      }),
    );
    await page.goto(`${world.url}/#/batches/${id}?view=failures`);
    await shown('1,250 lines');
    await shown('Can be retried once the batch has ended.');
    expect(await button(/^Retry/).count()).toBe(0);
    await page.locator('summary', { hasText: 'Show lines' }).click();
    expect(await page.locator('.lines li').count()).toBe(100);
    await shown('and 1,150 more; all of them are in the results table (CSV)');
    expect(await faultsOf(page, 'failures-many')).toEqual([]);
    await page.unrouteAll({ behavior: 'wait' });
    await world.simulator.faults([]);
    await world.simulator.release();
    await endedBatch(world, id);
    expect(faults).toEqual([]);
  });
});
