import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { executable, openBrowser, why } from '../../../apps/dashboard/test/browser.js';
import { jsonl, lines } from '../../../test/batch-calls.js';
import { createWorld, type World } from '../../../test/world.js';

/** The built client in a real browser, on a page of the API's own origin. */

let world: World;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  if (!executable) return;
  [world, browser] = await Promise.all([createWorld(), openBrowser()]);
  // The dashboard's page lets in no script of others; this one is ours, beside it.
  page = await (await browser.newContext({ bypassCSP: true })).newPage();
  await page.route('**/client/*.js', async (route) => {
    const file = new URL(`../dist/${basename(new URL(route.request().url()).pathname)}`, import.meta.url);
    await route.fulfill({ contentType: 'text/javascript', body: await readFile(file) });
  });
  await page.goto(world.url);
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

/** Runs in the page, where `client` speaks to the API. */
const inPage = async (code: string): Promise<unknown> =>
  page.evaluate(`(async () => {
    const { Rendermill, signWebhook, verifyWebhook } = await import('${world.url}/client/index.js');
    const client = new Rendermill({ url: location.origin, apiKey: '${world.key}' });
    ${code}
  })()`);

(executable ? describe : describe.skip)(`in Chromium${why}`, () => {
  test('a job is submitted, waited for and its picture read', async () => {
    const [status, type, bytes, size] = (await inPage(`
      const { id } = await client.jobs.create({ type: 'generation', prompt: 'a mug', quality: 'low' });
      const { status, images } = await client.waitForJob(id);
      const blob = await (await client.jobs.image(id, 0)).blob();
      return [status, blob.type, images[0].bytes, blob.size];`)) as [string, string, number, number];
    expect([status, type, size]).toEqual(['completed', 'image/png', bytes]);
  });

  test('a file is uploaded, its batch followed and its results read', async () => {
    const told = await inPage(`
      const file = await client.files.upload(new Blob([${JSON.stringify(jsonl(lines(2, 'mug')))}]), 'mugs.jsonl');
      const { id } = await client.batches.create({ input_file_id: file.id });
      let last = '';
      const batch = await client.waitForBatch(id, { onEvent: (event) => (last = event.type) });
      const rows = [];
      for await (const { custom_id } of client.batches.results(id)) rows.push(custom_id);
      return [batch.status, last, rows.sort()];`);
    expect(told).toEqual(['completed', 'batch', ['mug 1', 'mug 2']]);
  });

  test('a webhook is signed and verified', async () => {
    const event = await inPage(`
      const secret = 'whsec_' + btoa('of this page');
      const body = JSON.stringify({ id: 'evt_1', type: 'job.completed' });
      return verifyWebhook({ secret, body, headers: await signWebhook(secret, 'evt_1', body) });`);
    expect(event).toEqual({ id: 'evt_1', type: 'job.completed' });
  });

  test('what is refused is an error with its code', async () => {
    const refused = await inPage(
      `return client.jobs.get('job_none').catch(({ name, status, code, requestId }) => [name, status, code, requestId !== null]);`,
    );
    expect(refused).toEqual(['RendermillError', 404, 'not_found', true]);
  });
});
