import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { createBatch, jsonl, lines, upload } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, faultsOf, openBrowser, openPage, why } from './browser.js';

/** A gallery of ten thousand lines, of which those at its beginning have pictures: any place of it at once, and light to scroll. */

jest.setTimeout(200_000);

const pictures = 240;
const total = 10_000;
/** Of two screens of tiles at most: what a frame draws does not grow with the batch. */
const mostTiles = 150;

let world: World;
let browser: Browser;
let page: Page;
let debug: CDPSession;
const asked: string[] = [];

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld({ account: { limits: { concurrency: 8 } } }), openBrowser()]);
  await world.simulator.faults([{ when: { promptIncludes: 'stuck' }, fault: { kind: 'hang_before_headers' } }]);
  const rows = jsonl([...lines(pictures, 'ready'), ...lines(total - pictures, 'stuck')]);
  const file = await upload(world, rows, 'ten-thousand.jsonl');
  const { id } = await createBatch(world, { input_file_id: file, metadata: { name: 'Everything' } });
  const done = async () =>
    (await world.call<{ request_counts: { completed: number } }>('GET', `/v1/batches/${id}`)).body.request_counts;
  await until(async () => (await done()).completed === pictures);
  ({ page } = await openPage(browser, { viewport: { width: 1440, height: 900 } }));
  page.setDefaultTimeout(60_000);
  page.on('request', (request) => asked.push(new URL(request.url()).pathname + new URL(request.url()).search));
  debug = await page.context().newCDPSession(page);
  await page.goto(`${world.url}/#key=${world.key}`);
  await page.getByRole('link', { name: /Everything/ }).click();
  await page.getByRole('link', { name: 'Done ready 1', exact: true }).waitFor();
}, 200_000);

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const lineReads = (): string[] => asked.filter((path) => /\/v1\/batches\/.*\/jobs\?/.test(path));
const tiles = async (): Promise<number> => page.locator('.gallery li').count();

(executable ? describe : describe.skip)(`a gallery of ten thousand lines${why}`, () => {
  test('its tiles are thumbnails, each by one address though the batch is read again and again', async () => {
    const loaded = '[...document.querySelectorAll(".gallery img")].filter((one) => one.naturalWidth > 0).length';
    await until(async () => (await page.evaluate<number>(loaded)) >= 20);
    const pictureCalls = () => asked.filter((path) => path.includes('/images/'));
    expect(pictureCalls().filter((path) => !path.includes('/0/thumbnail?'))).toEqual([]);
    // Each of three readings of the page that is looked at brings new links; the pictures stay those that are shown.
    const before = lineReads().length;
    await until(async () => {
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
      await page.evaluate('scrollTo(0, 0)');
      return lineReads().length >= before + 3;
    });
    await page.getByRole('link', { name: 'Done ready 1', exact: true }).waitFor();
    // A tile that comes back into view asks again, which its browser answers by itself: by the address that it knows.
    const addresses = new Set(pictureCalls());
    expect(addresses.size).toBe(new Set([...addresses].map((path) => path.split('?')[0])).size);
  });

  test('scrolling draws what is near the view and nothing else; the tasks that took longer than 50 ms are told', async () => {
    await page.evaluate('scrollTo(0, 0)');
    await page.getByRole('link', { name: 'Done ready 1', exact: true }).waitFor();
    const measured = await page.evaluate<{
      long: number[];
      frames: number;
      most: number;
      changed: number;
    }>(`(async () => {
      const long = [];
      const watch = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)));
      watch.observe({ type: 'longtask' });
      let changed = 0;
      let most = 0;
      const grid = document.querySelector('.gallery');
      const count = new MutationObserver((list) => {
        const added = list.reduce((sum, { addedNodes }) => sum + addedNodes.length, 0);
        changed = Math.max(changed, added);
      });
      count.observe(grid, { childList: true });
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      // As fast as a wheel is turned: 400 pixels a frame through all rows.
      let frames = 0;
      const end = document.documentElement.scrollHeight - innerHeight;
      for (let top = 0; top < end && frames < 1200; top += 400) {
        scrollTo(0, top);
        await frame();
        frames++;
        most = Math.max(most, grid.childElementCount);
      }
      watch.disconnect();
      count.disconnect();
      return { long, frames, most, changed };
    })()`);
    const longest = Math.round(Math.max(0, ...measured.long));
    process.stderr.write(
      `gallery of 10,000: ${measured.frames} frames, ${measured.long.length} tasks over 50 ms (longest ${longest} ms), ` +
        `at most ${measured.most} tiles, ${measured.changed} added at once\n`,
    );
    expect(measured.frames).toBeGreaterThan(500);
    expect(measured.most).toBeLessThan(mostTiles);
    // A turn of the wheel brings a row or a few, never the gallery: this is the work of a frame, on any machine.
    expect(measured.changed).toBeLessThan(mostTiles);
  });

  test('its end is reached at once, without reading what lies before it', async () => {
    await page.evaluate('scrollTo(0, 0)');
    await page.getByRole('link', { name: 'Done ready 1', exact: true }).waitFor();
    asked.splice(0);
    await page.getByRole('button', { name: 'To the end' }).click();
    await page.getByRole('link', { name: /stuck 9760/ }).waitFor();
    const offsets = lineReads().map((path) => Number(/offset=(\d+)/.exec(path)?.[1]));
    expect(offsets.filter((offset) => offset > 400 && offset < 9_500)).toEqual([]);
    expect(await tiles()).toBeLessThan(mostTiles);
    expect(await page.evaluate('document.activeElement.textContent')).toContain('stuck 9760');
    await page.keyboard.press('Home');
    await page.getByRole('link', { name: 'Done ready 1', exact: true }).waitFor();
    await until(async () => (await page.evaluate<string>('document.activeElement.textContent')).includes('ready 1'));
    await page.getByLabel('Go to line').fill('5000');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: /stuck 4760/ }).waitFor();
  });

  test('a state is shown alone, from its first line to its last', async () => {
    await page.getByLabel('Show').selectOption('completed');
    await page.getByText(`${pictures} lines`).waitFor();
    await page.getByRole('button', { name: 'To the end' }).click();
    await page.getByRole('link', { name: `Done ready ${pictures}` }).waitFor();
    // Of those that run it is not known beforehand how many there are.
    await page.getByLabel('Show').selectOption('in_progress');
    await page
      .getByRole('link', { name: /^Rendering stuck/ })
      .first()
      .waitFor();
    await page.getByLabel('Show').selectOption('failed');
    await page.getByText('No line is in this state.').waitFor();
    await page.getByLabel('Show').selectOption('all');
    await page.getByRole('link', { name: 'Done ready 1', exact: true }).waitFor();
    expect(await faultsOf(page, 'gallery')).toEqual([]);
  });

  test('it comes to any place on a machine that is twenty times slower, while lines are read anew', async () => {
    await debug.send('Emulation.setCPUThrottlingRate', { rate: 20 });
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await page.getByRole('link', { name: /stuck 9760/ }).waitFor();
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight / 2)');
    await page
      .getByRole('link', { name: /stuck 47\d\d/ })
      .first()
      .waitFor();
    await debug.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  });
});
