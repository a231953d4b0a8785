import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { lineJobId } from '@rendermill/shared/domain/batch';
import { createBatch, endedBatch, getBatch, line, lines } from '../../../test/batch-calls.js';
import { makeKey } from '../../../test/keys.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, openBrowser, openPage, why } from './browser.js';

/** What a page holds for a time and then not any more: its key, its links to pictures, and lists that move on. */

jest.setTimeout(150_000);

let world: World;
let browser: Browser;
let id: string;

beforeAll(async () => {
  if (!executable) return;
  const env = { URL_TTL_SECONDS: '60' };
  [world, browser] = await Promise.all([createWorld({ env, account: { limits: { concurrency: 4 } } }), openBrowser()]);
  await world.simulator.faults([{ when: { promptIncludes: 'stuck' }, fault: { kind: 'hang_before_headers' } }]);
  const requests = [line('trio', { prompt: 'trio', n: 3 }), ...lines(2, 'one')];
  ({ id } = await createBatch(world, { requests, metadata: { name: 'Spring' } }));
  await endedBatch(world, id);
}, 150_000);

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function open(key = world.key, prepare: (page: Page) => Promise<unknown> = async () => undefined): Promise<Page> {
  const { page } = await openPage(browser);
  page.setDefaultTimeout(60_000);
  await page.clock.install();
  await prepare(page);
  await page.goto(`${world.url}/#key=${key}`);
  return page;
}

const source = `document.querySelector('main img')?.src`;
const isShown = `document.querySelector('main img')?.naturalWidth > 0`;

/** The page's clock goes on until its picture has another address, and is loaded from there. */
async function untilRenewed(page: Page, before: string): Promise<void> {
  await until(async () => {
    await page.clock.fastForward(20_000);
    return (await page.evaluate(source)) !== before && page.evaluate<boolean>(isShown);
  });
}

(executable ? describe : describe.skip)(`a page that stays open${why}`, () => {
  test('says that its key was revoked', async () => {
    const made = await makeKey(world, { project: 'default' });
    const page = await open(made.key);
    await page.getByRole('link', { name: /Spring/ }).waitFor();
    await world.call('DELETE', `/v1/api_keys/${made.id}`);
    await until(async () => {
      // Where nothing runs it asks every fifteen seconds of its clock.
      await page.clock.fastForward(15_000);
      return page.getByRole('alert').isVisible();
    });
    expect(await page.getByRole('alert').textContent()).toContain(
      'This key works no longer: it was revoked or has expired',
    );
    await page.getByLabel('API key').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    await page.close();
  });

  test('takes the key of a link that is opened in it, and keeps it neither in the address nor in the history', async () => {
    const other = await makeKey(world, { project: 'shop-two' });
    const page = await open();
    await page.getByRole('link', { name: /Spring/ }).click();
    await page.getByRole('heading', { name: 'Spring' }).waitFor();
    await page.evaluate(`location.hash = '#key=${other.key}'`);
    await page.getByText('shop-two').waitFor();
    expect(page.url()).not.toContain('key=');
    await page.getByText('No batch yet').waitFor();
    await page.goBack();
    await page.goForward();
    expect(page.url()).not.toContain('key=');
    await page.evaluate('location.hash = "#key=rm_live_not-a-key"');
    await page.getByText('This key is not accepted. Check that all of it was copied.').waitFor();
    await page.close();
  });

  test('renews the links of a batch and of a job that have ended, before they die', async () => {
    const page = await open();
    await page.getByRole('link', { name: /Spring/ }).click();
    const trio = page.getByRole('link', { name: /trio/ });
    await trio.waitFor();
    // Three pictures: the one that is seen, and two more.
    expect(await trio.textContent()).toContain('+2');
    await until(async () => page.evaluate<boolean>(isShown));
    await untilRenewed(page, await page.evaluate<string>(source));
    await page.evaluate(`location.hash = '#/jobs/${lineJobId(id, 1)}'`);
    await page.getByRole('heading', { name: 'trio' }).waitFor();
    await until(async () => page.evaluate<boolean>(isShown));
    await untilRenewed(page, await page.evaluate<string>(source));
    await page.close();
  });

  test('asks once for a new link to a picture that did not load', async () => {
    let refused = '';
    const page = await open(world.key, async (one) =>
      one.route(/thumbnail/, async (route) => {
        const url = route.request().url();
        if (refused !== '' && url !== refused) return route.continue();
        refused = url;
        // Links are signed by the second: the next one is another.
        const links = async () => JSON.stringify((await world.call('GET', `/v1/batches/${id}/jobs`)).body);
        const { search } = new URL(url);
        await until(async () => !(await links()).includes(search));
        return route.fulfill({ status: 403, body: '' });
      }),
    );
    await page.getByRole('link', { name: /Spring/ }).click();
    await until(async () => page.evaluate<boolean>(isShown));
    expect(refused).not.toBe('');
    await page.close();
  });

  test('shows a line among those that are done as soon as it is, though many after it were done before', async () => {
    const requests = [...lines(1, 'stuck first'), ...lines(120, 'quick'), ...lines(40, 'stuck')];
    const running = await createBatch(world, { requests, metadata: { name: 'Long' } });
    const done = async () => (await getBatch(world, running.id)).request_counts.completed;
    await until(async () => (await done()) === 120);
    const page = await open();
    await page.getByRole('link', { name: /Long/ }).click();
    await page.getByLabel('Show').selectOption('completed');
    await page.getByRole('link', { name: 'Done quick 1', exact: true }).waitFor();
    // So that it goes on running when what hangs is let go.
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await world.simulator.release();
    await page.getByRole('link', { name: 'Done stuck first 1', exact: true }).waitFor();
    expect((await getBatch(world, running.id)).status).toBe('in_progress');
    await page.close();
  });

  test('counts failures to the end though more of them come meanwhile', async () => {
    const requests = lines(60, 'stuck for good');
    const running = await createBatch(world, { requests, metadata: { name: 'Failing' } });
    await until(async () => (await getBatch(world, running.id)).status === 'in_progress');
    const group = (count: number) => ({ code: 'provider_unavailable', message: 'away', count, lines: [] });
    let failed = 10;
    let begun = 0;
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    const page = await open(world.key, async (one) => {
      await one.route(/\/v1\/batches\/[^/?]+$/, async (route) => {
        const { body } = await world.call<{ request_counts: object }>('GET', new URL(route.request().url()).pathname);
        // One more at each reading, as of a large batch that goes badly.
        await route.fulfill({ json: { ...body, request_counts: { ...body.request_counts, failed: failed++ } } });
      });
      await one.route(/\/failures/, async (route) => {
        const isFirst = new URL(route.request().url()).search === '';
        if (isFirst) begun++;
        else await held;
        await route.fulfill({
          json: { object: 'list', data: [group(10)], has_more: isFirst, last_id: isFirst ? 'x' : null },
        });
      });
    });
    await page.getByRole('link', { name: /Failing/ }).click();
    await page.getByRole('button', { name: /^Failures/ }).click();
    const seen = failed;
    await until(async () => {
      await page.clock.fastForward(6_000);
      return failed > seen + 4;
    });
    expect(begun).toBe(1);
    finish();
    await page.getByText('20 lines').first().waitFor();
    await page.close();
  });
});
