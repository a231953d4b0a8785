import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { lineJobId } from '@rendermill/shared/domain/batch';
import { createBatch, endedBatch, lines } from '../../../test/batch-calls.js';
import { makeKey } from '../../../test/keys.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, faultsOf, openBrowser, openPage, why } from './browser.js';

/** A colleague whose key only looks: sees all that was ordered, and finds no button that spends or stops anything. */

jest.setTimeout(150_000);

let world: World;
let browser: Browser;
let ended: string;
let running: string;
let job: string;

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld(), openBrowser()]);
  await world.simulator.faults([
    { when: { promptIncludes: 'refuse' }, fault: { kind: 'moderation_blocked' } },
    { when: { promptIncludes: 'stuck' }, fault: { kind: 'hang_before_headers' } },
  ]);
  const requests = [...lines(2, 'good'), ...lines(1, 'refuse')];
  ended = (await createBatch(world, { requests, metadata: { name: 'Spring' } })).id;
  await endedBatch(world, ended);
  const single = await world.call<{ id: string }>('POST', '/v1/jobs', { type: 'generation', prompt: 'refuse it' });
  job = single.body.id;
  await world.call('GET', `/v1/jobs/${job}?wait=60`);
  running = (await createBatch(world, { requests: lines(2, 'stuck'), metadata: { name: 'Autumn' } })).id;
}, 150_000);

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

/** The batches' page, by a key with these scopes, or by the one that may do everything. */
async function open(scopes?: readonly string[]): Promise<{ page: Page; faults: string[] }> {
  const key = scopes ? (await makeKey(world, { project: 'default', scopes })).key : world.key;
  const opened = await openPage(browser);
  opened.page.setDefaultTimeout(60_000);
  await opened.page.goto(`${world.url}/#key=${key}`);
  await opened.page.getByRole('link', { name: /Spring/ }).waitFor();
  return opened;
}

/** Where each stands once the page is read, and what there spends or stops something. */
const places = (): readonly (readonly [path: string, read: RegExp, orders: readonly RegExp[]])[] => [
  [`#/batches`, /Autumn/, [/^New batch/]],
  [`#/batches/${ended}`, /refuse/, [/^Retry/]],
  [`#/batches/${ended}?view=failures`, /Show these lines|moderation/, [/^Retry/]],
  [`#/jobs/${lineJobId(ended, 3)}`, /moderation/, [/^Retry/]],
  [`#/batches/${running}`, /0 done/, [/^Pause/, /^Cancel/]],
  [`#/jobs/${job}`, /moderation/, [/^Retry/]],
];

(executable ? describe : describe.skip)(`a key that only looks${why}`, () => {
  test('sees batches, pictures, failures and jobs, and none of the buttons that others have there', async () => {
    const [looker, all] = await Promise.all([open(['jobs:read', 'usage']), open()]);
    for (const [path, read, orders] of places()) {
      for (const { page, isThere } of [
        { page: all.page, isThere: true },
        { page: looker.page, isThere: false },
      ]) {
        await page.goto(`${world.url}/${path}`);
        await page.locator('main').getByText(read).first().waitFor();
        for (const name of orders) {
          const one = page.locator('main').locator('button, a.button').filter({ hasText: name });
          if (isThere) await one.first().waitFor();
          expect([path, name, (await one.count()) > 0]).toEqual([path, name, isThere]);
        }
      }
    }
    expect(await faultsOf(looker.page, 'looker')).toEqual([]);
    expect(looker.faults).toEqual([]);
    await Promise.all([looker, all].map(async ({ page }) => page.close()));
  });

  test('downloads the results', async () => {
    const { page, faults } = await open(['jobs:read']);
    await page.getByRole('link', { name: /Spring/ }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('region', { name: 'Results' }).getByRole('button', { name: /CSV/ }).click(),
    ]);
    expect(await download.failure()).toBeNull();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('and may order batches but not upload: it retries here, and starts none', async () => {
    const { page } = await open(['batches', 'jobs:read']);
    await page.goto(`${world.url}/#/batches/${ended}`);
    await page.getByRole('button', { name: /^Retry/ }).waitFor();
    expect(await page.getByRole('link', { name: 'New batch' }).count()).toBe(0);
    await page.close();
  });
});
