import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { makeKey } from '../../../test/keys.js';
import { picture } from '../../../test/clients/support.js';
import { signers } from '../../../test/webhook-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { executable, faultsOf, look, openBrowser, openPage, why } from './browser.js';

/** Webhooks, keys and single jobs by the page: made, used, looked into, ended. */

jest.setTimeout(150_000);

let world: World;
let browser: Browser;
let page: Page;
let faults: string[];

beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld(), openBrowser()]);
  ({ page, faults } = await openPage(browser, { acceptDownloads: true }));
  page.setDefaultTimeout(60_000);
  await page.goto(`${world.url}/#key=${world.key}`);
});

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
/** What the keyboard stands on: by its name, its words, or its id. */
const focused = async (): Promise<string> =>
  page.evaluate(`(({ ariaLabel, labels, textContent, id }) =>
    ariaLabel ?? labels?.[0]?.textContent ?? (id || textContent))(document.activeElement)`);
const shown = async (words: string | RegExp): Promise<void> => page.getByText(words).first().waitFor();

(executable ? describe : describe.skip)(`webhooks${why}`, () => {
  test('an endpoint is added; its secret is shown once and verifies what comes', async () => {
    await page.getByRole('link', { name: 'Webhooks' }).click();
    await shown('No endpoint yet');
    expect(await faultsOf(page, 'webhooks-empty')).toEqual([]);
    await button('Add an endpoint').click();
    await until(async () => (await focused()) === 'Name');
    await page.getByLabel('Name').fill('Shop');
    await page.getByLabel('URL').fill('http://10.1.2.3/private');
    await page.getByLabel('batch.failed').uncheck();
    expect(await faultsOf(page, 'webhooks-add')).toEqual([]);
    // What is refused is said, and nothing of the form is lost.
    await button('Add endpoint').click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('Shop');
    faults.splice(0);
    await page.getByLabel('URL').fill(`${world.receiver.url}/shop`);
    await button('Add endpoint').click();
    const secret = await page.getByLabel('Signing secret: Shop').getByRole('textbox').inputValue();
    expect(secret).toMatch(/^whsec_/);
    await until(async () => (await focused()) === 'Signing secret: Shop');
    await look(page, 'webhooks-secret');
    const { body } = await world.call<{ data: { event_types: string[] }[] }>('GET', '/v1/webhook_endpoints');
    expect(body.data[0]?.event_types).toEqual(['job.completed', 'job.failed', 'batch.completed']);
    await button('Close').click();
    await until(async () => (await focused()) === 'main');

    await page.getByRole('link', { name: /Shop/ }).click();
    await button('Send').click();
    await shown('Taken with HTTP 200.');
    const [received] = await world.receiver.waitFor(1);
    expect(received && signers(received, [secret])).toEqual([secret]);
  });

  test('the log shows each attempt with what came back, and what was sent; a delivery is sent again', async () => {
    world.receiver.answer = () => ({ status: 410, body: 'shop is closed' });
    const job = await world.submit({ prompt: 'told', custom_id: 'told-1' });
    await world.ended(job.id);
    // Who answers 410 is gone: the endpoint is disabled, and says why.
    await shown('Disabled: it answered 410');
    const row = page.locator('.log li').first();
    await row.locator('summary').click();
    await row.getByText('shop is closed').waitFor();
    await row.getByText('"custom_id": "told-1"').waitFor();
    expect(await faultsOf(page, 'endpoint')).toEqual([]);
    await button('Send again').click();
    await page.getByRole('alert').filter({ hasText: 'disabled: enable it first' }).waitFor();
    expect(faults.splice(0)).toEqual([expect.stringContaining('409')]);

    world.receiver.answer = () => ({ status: 200 });
    await button('Enable').click();
    await page.locator('h1 + .quiet', { hasText: 'Enabled' }).waitFor();
    await button('Recover').click();
    await shown('1 delivery is due now.');
    await world.receiver.waitFor(1, ({ event }) => event.data['custom_id'] === 'told-1');
    await page.locator('.log').getByText('Delivered').first().waitFor();
    await page.locator('.log summary').first().click();
    await button('Send again').click();
    await shown('It is due now.');
    await world.receiver.waitFor(3, ({ event }) => event.data['custom_id'] === 'told-1');

    // What was tried and not taken does not read as if it had not been tried.
    world.receiver.answer = () => ({ status: 500 });
    await world.ended((await world.submit({ prompt: 'told too' })).id);
    await page.locator('.log summary', { hasText: 'Failing, tried again' }).waitFor();
  });

  test('it is disabled, given a new secret, and deleted, each after asking once more', async () => {
    await button('Disable').click();
    await page.getByRole('group', { name: 'Disable' }).getByRole('button', { name: 'Disable' }).click();
    await button('Enable').waitFor();
    await button('New secret').click();
    await button('Make it').click();
    expect(await page.getByLabel('Signing secret').getByRole('textbox').inputValue()).toMatch(/^whsec_/);
    await button('Delete').press('Enter');
    const question = page.getByRole('group', { name: 'Delete' });
    await question.waitFor();
    expect(await question.evaluate('document.activeElement.getAttribute("role")')).toBe('group');
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    expect(await focused()).toBe('Delete');
    await button('Delete').click();
    await button('Leave it').click();
    expect(await focused()).toBe('Delete');
    await button('Delete').click();
    await button('Delete it').click();
    await shown('No endpoint yet');
    await page.getByRole('link', { name: /^Deliveries/ }).click();
    await shown('Nothing was delivered yet. Send a test event, or finish a job.');
    await page.getByRole('link', { name: 'Webhooks', exact: true }).click();
    await button('Show the secret that signs these').click();
    expect(await page.getByLabel('Signing secret').getByRole('textbox').inputValue()).toMatch(/^whsec_/);
    expect(faults).toEqual([]);
  });
});

(executable ? describe : describe.skip)(`keys${why}`, () => {
  test('a key is made with scopes and limits, shown once, and works', async () => {
    await page.getByRole('link', { name: 'API keys' }).click();
    await shown('No key but the administrator’s');
    expect(await faultsOf(page, 'keys-empty')).toEqual([]);
    await button('Make a key').click();
    await until(async () => (await focused()) === 'Name');
    await button('Discard').click();
    await until(async () => (await focused()) === 'Make a key');
    await page.keyboard.press('Enter');
    await page.getByLabel('Name').fill('Nightly import');
    await page.getByRole('textbox', { name: 'Project' }).fill('shop');
    // What is ready to choose, and then changed.
    const role = (name: string) => page.getByRole('button', { name, exact: true });
    const ticked = async () => page.locator('.checks :checked').count();
    expect([await role('Order').getAttribute('aria-pressed'), await ticked()]).toEqual(['true', 5]);
    await role('Administer').click();
    // Not `operator`: that is for keys of the first project alone.
    expect(await ticked()).toBe(7);
    await role('Look').click();
    expect(await ticked()).toBe(2);
    await shown('Spends nothing, changes nothing.');
    await page.getByLabel(/^batches/).check();
    await shown('A choice of your own.');
    await page.getByLabel('May spend in all, USD').fill('12.5');
    await page.getByLabel('Only from these addresses').fill('127.0.0.0/8 ::1');
    expect(await faultsOf(page, 'keys-add')).toEqual([]);
    await button('Make key').click();
    const key = await page.getByLabel('The key: Nightly import').getByRole('textbox').inputValue();
    const { body } = await world.call<Record<string, unknown>>('GET', '/v1/api_keys/current', undefined, {
      authorization: `Bearer ${key}`,
    });
    expect(body).toMatchObject({
      project: 'shop',
      mode: 'live',
      scopes: ['jobs:read', 'usage', 'batches'],
      spend_limit: 12.5,
      ip_ranges: ['127.0.0.0/8', '::1'],
    });
    await button('Close').click();
    expect(await page.content()).not.toContain(key);
    expect(await faultsOf(page, 'keys')).toEqual([]);

    await button('Rotate').click();
    await page.getByLabel('Hours').fill('0');
    await button('Make the new key').click();
    const rotated = await page.getByLabel('The key: Nightly import').getByRole('textbox').inputValue();
    expect(rotated).not.toBe(key);
    const ask = async (one: string) =>
      (await world.call('GET', '/v1/jobs', undefined, { authorization: `Bearer ${one}` })).status;
    expect([await ask(key), await ask(rotated)]).toEqual([401, 200]);
    await button('Revoke').click();
    await button('Revoke it').click();
    await shown('No key but the administrator’s');
    expect(await ask(rotated)).toBe(401);
    expect(faults).toEqual([]);
  });

  test('what a key may not is hidden, and said to be; an address that leads there says what to do', async () => {
    const { key } = await makeKey(world, { project: 'shop', name: 'Viewer', mode: 'test', scopes: ['jobs:read'] });
    const { page: other, faults: otherFaults } = await openPage(browser);
    await other.goto(`${world.url}/#key=${key}`);
    await other.getByText('No batch yet').waitFor();
    const links = await other.getByRole('navigation').getByRole('link').allInnerTexts();
    expect(links).toEqual(['Batches', 'Jobs']);
    const lacks = 'order, cancel or retry single jobs; start, pause, cancel or retry batches; upload files';
    await other.getByText(`This key cannot: ${lacks}; see or change webhooks`).waitFor();
    await other.getByText('Project shop').waitFor();
    await other.getByText('test key · Viewer').waitFor();
    await other.goto(`${world.url}/#/webhooks`);
    await other.getByText('It needs the scope “webhooks”.').waitFor();
    await other.goto(`${world.url}/#/new`);
    await other.getByText('It needs the scope “batches” and “files”.').waitFor();
    expect(await faultsOf(other, 'no-scope')).toEqual([]);
    expect(otherFaults).toEqual([]);
    await other.close();
  });
});

(executable ? describe : describe.skip)(`single jobs${why}`, () => {
  test('are found by state and id; one shows its attempts and who was told of it', async () => {
    await world.simulator.faults([{ when: { promptIncludes: 'refuse' }, fault: { kind: 'moderation_blocked' } }]);
    const told = `${world.receiver.url}/own`;
    for (const [custom_id, prompt] of [
      ['good-1', 'a good one'],
      ['bad-1', 'refuse this'],
    ])
      await world.ended((await world.submit({ prompt, custom_id, webhook_url: told })).id);
    await world.simulator.faults([]);
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByRole('link', { name: /good-1/ }).waitFor();
    await page.getByRole('link', { name: /bad-1/ }).waitFor();
    expect(await faultsOf(page, 'jobs')).toEqual([]);
    await page.getByLabel('Status').selectOption('failed');
    await page.getByRole('link', { name: /good-1/ }).waitFor({ state: 'detached' });
    await page.getByLabel('Your id (custom_id)').fill('nobody');
    await shown('No job fits these filters.');
    await button('Clear filters').click();
    await page.getByLabel('Status').selectOption('failed');
    await page.getByRole('link', { name: /bad-1/ }).click();
    await shown('The provider’s moderation refused the prompt or picture');
    await page.locator('.log').getByText('job.failed').waitFor();
    expect(await faultsOf(page, 'job-failed')).toEqual([]);
    await button('Retry').click();
    await page.locator('.status[data-kind=completed]').first().waitFor();
    await page.locator('.log').getByText('job.completed').waitFor();
    expect(faults).toEqual([]);
  });

  test('an edit is shown beside what went in, and under a slider', async () => {
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(await picture(256))]), 'before.png');
    form.append('prompt', 'on a beach');
    form.append('model', 'gpt-image-1');
    const { headers } = await world.call('POST', '/v1/images/edits', form);
    const id = headers.get('x-rendermill-job') ?? '';
    await world.ended(id);
    await page.goto(`${world.url}/#/jobs/${id}`);
    const before = page.getByRole('img', { name: 'Input picture 1' });
    await before.waitFor();
    await button('Open in full size: Picture 1').click();
    await button('Compare with before').click();
    const slider = page.getByRole('slider', { name: 'How much of the picture before is shown' });
    await slider.focus();
    await page.keyboard.press('End');
    const clip = 'document.querySelectorAll(".compare img")[1].style.clipPath';
    expect(await page.evaluate(clip)).toMatch(/^inset\(0(px)? 0% 0(px)? 0(px)?\)$|^inset\(0px\)$/);
    for (let step = 0; step < 40; step++) await page.keyboard.press('ArrowLeft');
    expect(await slider.inputValue()).toBe('60');
    await look(page, 'compare');
    expect(await faultsOf(page, 'compare')).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
  });
});

(executable ? describe : describe.skip)(`languages${why}`, () => {
  test('the browser’s is taken, another is chosen without losing what was written, and kept', async () => {
    const { page: other, faults: otherFaults } = await openPage(browser, { locale: 'zh-CN' });
    await other.goto(world.url);
    await other.getByRole('heading', { name: '打开控制台' }).waitFor();
    expect(await faultsOf(other, 'zh-key')).toEqual([]);
    await other.goto('about:blank');
    await other.goto(`${world.url}/#key=${world.key}`);
    await other.getByRole('heading', { name: '批次', exact: true }).waitFor();
    expect(await other.getAttribute('html', 'lang')).toBe('zh-Hans');
    await other.getByRole('link', { name: 'Webhook' }).click();
    await other.getByRole('button', { name: '添加端点' }).click();
    await other.getByLabel('名称').fill('商城');
    expect(await faultsOf(other, 'zh-webhooks')).toEqual([]);
    await other.getByLabel('语言').selectOption('en');
    await other.getByRole('heading', { name: 'Webhooks' }).waitFor();
    expect(await other.getByLabel('Name').inputValue()).toBe('商城');
    await other.reload();
    await other.getByRole('heading', { name: 'Webhooks' }).waitFor();
    await other.getByLabel('Language').selectOption('zh');
    for (const hash of ['#/batches', '#/jobs', '#/new', '#/usage', '#/providers', '#/keys']) {
      await other.goto(`${world.url}/${hash}`);
      await other.locator('h1').waitFor();
      expect([hash, await faultsOf(other, `zh${hash.replaceAll(/\W+/g, '-')}`)]).toEqual([hash, []]);
    }
    expect(otherFaults).toEqual([]);
    await other.close();
  });
});
