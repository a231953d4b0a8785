#!/usr/bin/env node
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pLimit from 'p-limit';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { simulatorAccountId, type Account } from '@rendermill/shared/domain/accounts';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { readCatalogue, type Product } from './demo/catalogue.js';
import { DemoClient } from './demo/client.js';
import { maySpend } from './demo/consent.js';
import { contactSheet } from './demo/contact-sheet.js';
import { ProgressBar } from './demo/progress-bar.js';
import { receiveWebhooks } from './demo/webhook-receiver.js';
import { sayFailure } from './serve.js';
import { outliveStdout, sayOnStdout as say } from './say.js';
import { startStack, type Stack } from './stack.js';

/** `npm run demo`: a product catalogue from CSV to pictures, end to end, through the public API. */

const catalogueFile = fileURLToPath(new URL('../../../examples/catalogues/shopify-products.csv', import.meta.url));
const folder = resolve('rendermill-demo');

interface Result {
  readonly product: Product;
  readonly job: PresentedJob;
  /** Where its picture lies, relative to the folder; null where there is none. */
  readonly file: string | null;
}

async function demo(env: NodeJS.ProcessEnv): Promise<number> {
  const startedAt = Date.now();
  const products = await readCatalogue(catalogueFile);
  const account = firstAccount(env);
  const simulated = account.preset.id === 'simulator';
  say(`Rendermill demo: ${products.length} products from examples/catalogues/shopify-products.csv`);
  if (simulated) say('No provider key found: rendering with the built-in simulator, nothing is spent.');
  const plan = { account, model: account.preset.defaultModel, images: products.length };
  if (!simulated && !(await maySpend(plan, env, say))) return 1;

  await mkdir(folder, { recursive: true });
  const receiver = await receiveWebhooks(() => undefined);
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort(new Error('Stopped.'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  let stack: Stack | null = null;
  try {
    stack = await startStack({
      env: demoEnv(env),
      dataDir: env['RENDERMILL_DATA_DIR'] || join(folder, 'data'),
      log: say,
      signal: interrupted.signal,
    });
    for (const line of stack.describe) say(line);
    const client = new DemoClient(stack.url, stack.adminKey);
    const endpoint = await register(client, receiver.url);
    receiver.trust(endpoint.signing_secret);
    const results = await render(client, products, interrupted.signal);
    await receiver.waitFor(results.length, 10_000);
    await client.call('DELETE', `/v1/webhook_endpoints/${endpoint.id}`);
    await leave(results, account, simulated, (Date.now() - startedAt) / 1_000);
    return report(results, simulated, receiver.verified, receiver.refused(), Date.now() - startedAt);
  } finally {
    await stack?.stop();
    await receiver.close();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
  }
}

/** The account that will be asked first; the built-in simulator where no other is configured. */
function firstAccount(env: NodeJS.ProcessEnv): Account {
  const accounts = loadConfiguration(env).accounts.filter(({ modes }) => modes.includes('live'));
  const first = [...accounts].sort((a, b) => a.priority - b.priority)[0];
  if (!first) throw new Error(`no provider account is enabled, not even ${simulatorAccountId}`);
  return first;
}

/** A free port, and leave to tell a receiver on this machine; both as given where they are given. */
function demoEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PORT: '0', RENDERMILL_ALLOW_NETS: '127.0.0.0/8', LOG_LEVEL: 'warn', ...env };
}

async function register(client: DemoClient, url: string): Promise<{ id: string; signing_secret: string }> {
  return client.call('POST', '/v1/webhook_endpoints', {
    name: 'demo receiver',
    url,
    event_types: ['job.completed', 'job.failed'],
  });
}

async function render(client: DemoClient, products: readonly Product[], signal: AbortSignal): Promise<Result[]> {
  const bar = new ProgressBar(process.stdout);
  const ended: PresentedJob[] = [];
  const show = (): void => {
    const cost = ended.some((job) => job.cost.actual === null)
      ? null
      : ended.reduce((sum, job) => sum + (job.cost.actual ?? 0), 0);
    bar.show({
      done: ended.length,
      failed: ended.filter(({ status }) => status !== 'completed').length,
      total: products.length,
      cost,
    });
  };
  show();
  await rm(join(folder, 'images'), { recursive: true, force: true });
  await mkdir(join(folder, 'images'));
  const submit = pLimit(8);
  const ticking = setInterval(show, 200);
  try {
    return await Promise.all(
      products.map(async (product) => {
        const job = await submit(async () => {
          signal.throwIfAborted();
          const body = {
            type: 'generation',
            prompt: product.prompt,
            quality: 'low',
            size: '1024x1024',
            custom_id: product.sku,
          };
          return client.call<PresentedJob>('POST', '/v1/jobs', body);
        });
        const end = await client.ended(job.id);
        const file = await download(client, product, end);
        ended.push(end);
        show();
        return { product, job: end, file };
      }),
    );
  } finally {
    clearInterval(ticking);
    bar.end();
  }
}

async function download(client: DemoClient, product: Product, job: PresentedJob): Promise<string | null> {
  const [image] = job.images;
  if (!image) return null;
  const extension = image.key.slice(image.key.lastIndexOf('.'));
  // A custom id may be anything printable: it becomes part of a path only after this.
  const file = `images/${product.sku.replaceAll(/[^A-Za-z0-9._-]/g, '_')}${extension}`;
  await writeFile(join(folder, file), await client.download(image));
  return file;
}

async function leave(results: readonly Result[], account: Account, simulated: boolean, seconds: number): Promise<void> {
  const lines = results.map(({ product, job, file }) => {
    const [image] = job.images;
    return JSON.stringify({
      custom_id: job.custom_id,
      title: product.title,
      status: job.status,
      job: job.id,
      file,
      key: image?.key ?? null,
      sha256: image?.sha256 ?? null,
      width: image?.width ?? null,
      height: image?.height ?? null,
      bytes: image?.bytes ?? null,
      model: job.model,
      provider: job.provider,
      cost_usd: job.cost.actual,
      prompt: product.prompt,
      error: job.error,
    });
  });
  await writeFile(join(folder, 'manifest.jsonl'), `${lines.join('\n')}\n`);
  const sheet = {
    results,
    provider: `${account.preset.name}, ${results[0]?.job.model ?? ''}`,
    simulated,
    seconds,
    cost: totalCost(results),
  };
  await writeFile(join(folder, 'contact-sheet.html'), contactSheet(sheet));
}

function totalCost(results: readonly Result[]): number | null {
  if (results.some(({ job }) => job.cost.actual === null)) return null;
  return results.reduce((sum, { job }) => sum + (job.cost.actual ?? 0), 0);
}

/** What came of it, for a person. The exit code: 0 where every picture is there and every event was verified. */
function report(
  results: readonly Result[],
  simulated: boolean,
  verified: ReadonlySet<string>,
  refused: number,
  ms: number,
): number {
  const failed = results.filter(({ file }) => file === null);
  const cost = totalCost(results);
  const unverified = results.filter(({ job }) => !verified.has(job.id));
  say('');
  say(`  Pictures       ${results.length - failed.length} of ${results.length}, in ${join(folder, 'images')}`);
  say(`  Contact sheet  ${pathToFileURL(join(folder, 'contact-sheet.html')).href}`);
  say(`  Manifest       ${join(folder, 'manifest.jsonl')}`);
  say(
    `  Cost           ${cost === null ? 'unknown' : `$${cost.toFixed(4)}`}${simulated ? ' at list price; simulated, nothing was spent' : ''}`,
  );
  say(
    `  Webhooks       ${results.length - unverified.length} of ${results.length} signatures verified${refused > 0 ? `, ${refused} refused` : ''}`,
  );
  say(`  Time           ${(ms / 1_000).toFixed(1)} s`);
  for (const { product, job } of failed)
    say(`  Failed         ${product.sku}: ${job.error?.code}: ${job.error?.message}`);
  say('');
  return failed.length + unverified.length + refused === 0 ? 0 : 1;
}

outliveStdout();
try {
  // oxlint-disable-next-line node/no-process-env -- the entry point reads the environment once and passes it down
  process.exitCode = await demo(process.env);
} catch (error) {
  sayFailure(error, say);
  process.exitCode = 1;
}
