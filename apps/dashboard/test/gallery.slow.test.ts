import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { createBatch, jsonl, lines, upload } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, faultsOf, openBrowser, openPage, why } from './browser.js';
import { fillGallery } from './full-gallery.js';
import { mainThreadTasks } from './main-thread.js';

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
let id: string;
const asked: string[] = [];

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld({ account: { limits: { concurrency: 8 } } }), openBrowser()]);
  await world.simulator.faults([{ when: { promptIncludes: 'stuck' }, fault: { kind: 'hang_before_headers' } }]);
  const rows = jsonl([...lines(pictures, 'ready'), ...lines(total - pictures, 'stuck')]);
  const file = await upload(world, rows, 'ten-thousand.jsonl');
  ({ id } = await createBatch(world, { input_file_id: file, metadata: { name: 'Everything' } }));
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

/** As fast as a wheel is turned: 400 pixels a frame through all rows, with a stop now and then until every picture in view is there. */
const scrollThrough = `(async () => {
  const long = [];
  const note = (list) => long.push(...list.map(({ duration }) => duration));
  const watch = new PerformanceObserver((list) => note(list.getEntries()));
  watch.observe({ type: 'longtask' });
  const grid = document.querySelector('.gallery');
  let changed = 0;
  const count = new MutationObserver((list) => {
    changed = Math.max(changed, list.reduce((sum, { addedNodes }) => sum + addedNodes.length, 0));
  });
  count.observe(grid, { childList: true });
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const seen = new Set();
  /** Every tile in view has its picture. */
  const inView = async () => {
    for (;;) {
      const tiles = [...grid.children].filter((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
      });
      if (tiles.length > 0 && tiles.every((one) => one.querySelector('img')?.naturalWidth > 0)) return;
      await frame();
    }
  };
  let frames = 0;
  let most = 0;
  const end = document.documentElement.scrollHeight - innerHeight;
  for (let top = 0; top < end && frames < 1500; top += 400) {
    scrollTo(0, top);
    await frame();
    if (frames++ % 40 === 0) await inView();
    for (const one of grid.querySelectorAll('img')) if (one.naturalWidth > 0) seen.add(one.src);
    most = Math.max(most, grid.childElementCount);
  }
  note(watch.takeRecords());
  watch.disconnect();
  count.disconnect();
  return { long, frames, most, changed, seen: seen.size };
})()`;

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
    // One tile is a stop of the Tab key; the one that has the focus keeps it when it is scrolled away.
    expect(await page.locator('.gallery [tabindex="0"]').count()).toBe(1);
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight / 2)');
    await page
      .getByRole('link', { name: /stuck 47\d\d/ })
      .first()
      .waitFor();
    await page.keyboard.press('ArrowRight');
    await until(async () => (await page.evaluate<string>('document.activeElement.textContent')).includes('ready 2'));
    await page.getByLabel('Go to line').fill('5000');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: /stuck 4760/ }).waitFor();
  });

  test('a line is found by the id that its owner gave it, wherever it is', async () => {
    await page.getByLabel('Find an id').fill('stuck 8765');
    await page.keyboard.press('Enter');
    await until(async () => (await page.evaluate<string>('document.activeElement.textContent')).includes('stuck 8765'));
    // By mouse it is marked as well.
    await page.getByLabel('Find an id').fill('stuck 8700');
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    await until(async () => (await page.evaluate<string>('document.activeElement.textContent')).includes('stuck 8700'));
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.getByLabel('Find an id').fill('SKU of another shop');
    await page.keyboard.press('Enter');
    await page.getByText('No line has the id “SKU of another shop”.').waitFor();
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

(executable ? describe : describe.skip)(`a gallery of ten thousand pictures${why}`, () => {
  test('scrolls without long tasks: none has the processor for more than 50 ms, and what is drawn stays near the view', async () => {
    const { page: full } = await openPage(browser, { viewport: { width: 1440, height: 900 } });
    await fillGallery(full, world, id, total);
    await full.goto(`${world.url}/#key=${world.key}`);
    await full.getByRole('link', { name: /Everything/ }).click();
    await full.getByRole('link', { name: 'Done ready 1', exact: true }).waitFor();
    let measured = { frames: 0, most: 0, changed: 0, seen: 0, long: [] as number[] };
    const tasks = await mainThreadTasks(browser, full, async () => {
      measured = await full.evaluate(scrollThrough);
    });
    const longest = (of: readonly number[]) => Math.round(of.reduce((most, one) => Math.max(most, one), 0));
    const cpu = tasks.map((task) => task.cpu);
    process.stderr.write(
      `gallery of 10,000 pictures: ${measured.frames} frames, ${measured.seen} pictures drawn, ${tasks.length} tasks; ` +
        `longest ${longest(cpu)} ms of processor, ${longest(tasks.map(({ wall }) => wall))} ms by the clock; ` +
        `long tasks by the observer ${measured.long.length} (longest ${longest(measured.long)} ms)\n`,
    );
    expect(measured.frames).toBeGreaterThan(500);
    expect(measured.seen).toBeGreaterThan(500);
    expect(tasks.length).toBeGreaterThan(measured.frames);
    expect(cpu.every((ms) => Number.isFinite(ms))).toBe(true);
    expect(cpu.filter((ms) => ms > 50)).toEqual([]);
    expect(measured.most).toBeLessThan(mostTiles);
    // A turn of the wheel brings a row or a few, never the gallery.
    expect(measured.changed).toBeLessThan(mostTiles);
    await full.close();
    // Ten thousand lines through a debugger that records every task: minutes where others have the processor.
  }, 600_000);
});
