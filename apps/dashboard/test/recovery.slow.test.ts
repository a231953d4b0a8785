import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page, Route } from 'playwright-core';
import { createBatch, getBatch, lines } from '../../../test/batch-calls.js';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, look, openBrowser, openPage, why } from './browser.js';

/** A page that stays open comes through whatever happens to its server, its connection, its browser and itself. */

jest.setTimeout(150_000);

let world: World;
let browser: Browser;
let id: string;
const apis: AppProcess[] = [];

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld({ account: { limits: { concurrency: 4 } } }), openBrowser()]);
  await world.simulator.faults([{ when: { promptIncludes: 'stuck' }, fault: { kind: 'hang_before_headers' } }]);
  const requests = [...lines(6, 'quick'), ...lines(60, 'stuck')];
  ({ id } = await createBatch(world, { requests, metadata: { name: 'Winter' } }));
  await until(async () => (await getBatch(world, id)).request_counts.completed === 6);
}, 150_000);

afterAll(async () => {
  await browser?.close();
  await Promise.all(apis.map(async (api) => api.kill('SIGKILL')));
  await world?.close();
});

async function open(prepare: (page: Page) => Promise<unknown> = async () => undefined, url = world.url): Promise<Page> {
  const { page } = await openPage(browser);
  page.setDefaultTimeout(60_000);
  await prepare(page);
  await page.goto(`${url}/#key=${world.key}`);
  return page;
}

async function startApi(port: string): Promise<string> {
  const api = await startApp('api', { ...world.env, PORT: port });
  apis.push(api);
  return api.url ?? '';
}

const isBatch = /\/v1\/batches\/[^/?]+$/;
const batchHeading = (page: Page) => page.getByRole('heading', { name: 'Winter' }).waitFor();
const hidden = (is: boolean) =>
  `Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${is} }); document.dispatchEvent(new Event('visibilitychange'))`;

(executable ? describe : describe.skip)(`an open page${why}`, () => {
  test('asks nothing while it is hidden, and at once when it is shown again', async () => {
    const page = await open(async (one) => one.clock.install());
    await page.getByRole('link', { name: /Winter/ }).click();
    await page.getByRole('link', { name: 'Done quick 1', exact: true }).waitFor();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.evaluate(hidden(true));
    await page.waitForLoadState('networkidle');
    let asked = 0;
    page.on('request', () => asked++);
    await page.clock.runFor(300_000);
    expect(asked).toBe(0);
    // Its clock stands still: no timer can be what asks.
    const both = [page.waitForRequest(isBatch), page.waitForRequest(/\/jobs\?/)];
    await page.evaluate(hidden(false));
    await Promise.all(both);
    await page.close();
  });

  test('leaves a server alone for as long as it says, and tries more and more seldom', async () => {
    const page = await open(async (one) => {
      await one.clock.install();
      await one.addInitScript(`{
        const send = fetch;
        asked = 0;
        fetch = (path, init) => { if (/batches\\/[^/?]+$/.test(path)) asked++; return send(path, init); };
      }`);
    });
    await page.getByRole('link', { name: /Winter/ }).click();
    await batchHeading(page);
    await page.clock.pauseAt(Date.now() + 60_000);
    let answers = 0;
    await page.route(isBatch, async (route) => {
      const headers = { 'retry-after': answers === 0 ? '20' : '0' };
      await route.fulfill({ status: 503, headers, json: { error: { message: `Pause ${++answers}.`, code: 'busy' } } });
    });
    const asked = async () => page.evaluate<number>('asked');
    /** How long it waits, to the half second, until it asks again; then the answer is there. */
    const waited = async (): Promise<number> => {
      const before = await asked();
      for (let seconds = 0; ; seconds += 0.5) {
        if ((await asked()) > before) {
          await page.getByText(`Pause ${answers}. This page tries again by itself.`).waitFor();
          return seconds;
        }
        await page.clock.runFor(500);
      }
    };
    await waited();
    expect(await waited()).toBe(20);
    for (const most of [2, 4, 8, 16, 30, 30]) {
      const seconds = await waited();
      expect([most, seconds >= most / 2 && seconds <= most + 0.5]).toEqual([most, true]);
    }
    await page.close();
  });

  test('opens by itself though a gateway fails at first, and does not take a gateway’s 404 for an answer', async () => {
    const once = new Set<string>();
    const fails = (status: number) => async (route: Route) => {
      const { pathname } = new URL(route.request().url());
      if (once.has(pathname)) return route.continue();
      once.add(pathname);
      return route.fulfill({ status, contentType: 'text/html', body: '<h1>nginx</h1>' });
    };
    const page = await open(async (one) => {
      await one.route('**/v1/api_keys/current', fails(502));
      await one.route(isBatch, fails(404));
      await one.route(/\/jobs\?/, fails(502));
    });
    await page.getByText('The server answered 502 without saying why. This page tries again by itself.').waitFor();
    await page.getByRole('link', { name: /Winter/ }).click();
    await page.getByRole('link', { name: 'Done quick 1', exact: true }).waitFor();
    expect(once.size).toBe(3);
    // What the API itself says is not there is said once.
    await page.unrouteAll();
    await page.evaluate('location.hash = "#/batches/batch_none"');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).not.toContain('tries again');
    await page.close();
  });

  test('shows what has happened meanwhile once a killed API is there again, figures and pictures, without a click', async () => {
    const url = await startApi('0');
    const page = await open(undefined, url);
    await page.getByRole('link', { name: /Winter/ }).click();
    await page.getByRole('link', { name: 'Done quick 1', exact: true }).waitFor();
    await apis[0]?.kill('SIGKILL');
    const unreachable = page.getByText(
      'Rendermill cannot be reached. What was ordered is kept, and goes on while the server runs. This page tries again',
    );
    // The batch, and its lines.
    await until(async () => (await unreachable.count()) === 2);
    await look(page, 'recovery-unreachable');
    await world.simulator.faults([]);
    await world.simulator.release();
    await until(async () => (await getBatch(world, id)).status === 'completed');
    await startApi(new URL(url).port);
    await page
      .locator('.legend')
      .filter({ hasText: /66 done/ })
      .waitFor();
    await page.getByRole('link', { name: 'Done stuck 1', exact: true }).waitFor();
    await until(async () => (await page.getByRole('alert').count()) === 0);
    await page.close();
  });

  test('that stops by a fault of its own says so, and how to go on', async () => {
    const page = await open();
    await page.route(isBatch, (route) => route.fulfill({ json: { id } }));
    await page.getByRole('link', { name: /Winter/ }).click();
    await page.getByRole('heading', { name: 'This page has stopped' }).waitFor();
    await look(page, 'recovery-stopped');
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Load it again' }).click();
    await batchHeading(page);
    await page.close();
  });

  test('opens where its browser keeps nothing, and in the colours that were chosen before anything is answered', async () => {
    const page = await open(async (one) =>
      one.addInitScript(`for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, name, { get() { throw new DOMException('forbidden', 'SecurityError'); } });`),
    );
    await page.getByRole('link', { name: /Winter/ }).waitFor();
    await page.getByLabel('Colours').selectOption('dark');
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    await page.close();

    const chosen = await open(async (one) => {
      await one.addInitScript('localStorage.setItem("rendermill.theme", "dark")');
      await one.route('**/v1/api_keys/current', () => new Promise(() => undefined));
    });
    await chosen.getByText('Opening your dashboard').waitFor();
    expect(await chosen.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    await chosen.close();
  });
});
