#!/usr/bin/env node
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { simulatorAccountId, type Account } from '@rendermill/shared/domain/accounts';
import { estimate, follow, isRunning, submit, uploadCatalogue, type Batch } from './demo/catalogue-batch.js';
import { DemoClient } from './demo/client.js';
import { maySpend, mostOf } from './demo/consent.js';
import { contactSheet } from './demo/contact-sheet.js';
import { ProgressBar } from './demo/progress-bar.js';
import { report } from './demo/report.js';
import { collect } from './demo/results.js';
import { receiveWebhooks } from './demo/webhook-receiver.js';
import { messageOf } from './faults.js';
import { sayFailure } from './serve.js';
import { outliveStdout, sayOnStdout as say } from './say.js';
import { startStack, type Stack } from './stack.js';

/** `npm run demo`: a product catalogue from CSV to pictures, as one batch, end to end, through the public API. */

const catalogues = fileURLToPath(new URL('../../../examples/catalogues', import.meta.url));
const csv = join(catalogues, 'shopify-products.csv');
const template = join(catalogues, 'studio-photos.json');
const folder = resolve('rendermill-demo');
const webhookMs = 30_000;

async function demo(env: NodeJS.ProcessEnv): Promise<number> {
  const accounts = liveAccounts(env);
  const simulated = accounts.every(({ preset }) => preset.id === 'simulator');
  say('Rendermill demo: the products of examples/catalogues/shopify-products.csv, as one batch');
  if (simulated) say('No provider key found: rendering with the built-in simulator, nothing is spent.');

  await mkdir(folder, { recursive: true });
  const receiver = await receiveWebhooks();
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort(new Error('Stopped.'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  let stack: Stack | null = null;
  try {
    stack = await startStack({
      env: demoEnv(env),
      dataDir: env['RENDERMILL_DATA_DIR'] || dataDir(simulated),
      log: say,
      signal: interrupted.signal,
    });
    for (const line of stack.describe) say(line);
    const client = new DemoClient(stack.url, stack.adminKey, interrupted.signal);
    receiver.trust((await client.call<{ signing_secret: string }>('GET', '/v1/webhook_secret')).signing_secret);

    const body = await uploadCatalogue(client, csv, template);
    const plan = { estimate: await estimate(client, body), accounts: accounts.map(({ id }) => id) };
    if (!simulated && !(await maySpend(plan, env, say, interrupted.signal))) {
      await client.call('DELETE', `/v1/files/${body.input_file_id}`);
      return 1;
    }
    const startedAt = Date.now();
    const max_cost = mostOf(plan);
    const batch = await render(client, await submit(client, { ...body, webhook_url: receiver.url, max_cost }));
    const results = await collect(client, batch.id, folder);
    await receiver.waitFor(`batch.${batch.status}`, batch.id, webhookMs);

    const ms = Date.now() - startedAt;
    const provider = [...new Set(results.flatMap((one) => one.provider ?? []))].join(', ');
    const sheet = { results, provider: `${provider}, ${batch.model}`, simulated, seconds: ms / 1_000 };
    await writeFile(join(folder, 'contact-sheet.html'), contactSheet({ ...sheet, cost: batch.cost.actual }));
    return report({ folder, batch, results, receiver, simulated, ms }, say);
  } finally {
    await stack?.stop();
    await receiver.close();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
  }
}

/** The accounts that may be asked, first the one that is; the built-in simulator alone where no other is configured. */
function liveAccounts(env: NodeJS.ProcessEnv): Account[] {
  const accounts = loadConfiguration(env).accounts.filter(({ modes }) => modes.includes('live'));
  if (accounts.length === 0) throw new Error(`no provider account is enabled, not even ${simulatorAccountId}`);
  return accounts.toSorted((a, b) => a.priority - b.priority);
}

/** What a killed run with the simulator left undone must not be bought when there is a key, before anybody said yes. */
function dataDir(simulated: boolean): string {
  return join(folder, 'data', simulated ? 'simulated' : 'paid');
}

/** A free port, and leave to tell a receiver on this machine; both as given where they are given. */
function demoEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PORT: '0', RENDERMILL_ALLOW_NETS: '127.0.0.0/8', LOG_LEVEL: 'warn', ...env };
}

/** To its end, or to its cancellation: what nobody waits for any more is not bought by the next start either. */
async function render(client: DemoClient, submitted: Batch): Promise<Batch> {
  const bar = new ProgressBar(process.stdout);
  let batch = submitted;
  try {
    return await follow(client, submitted, (now) => {
      batch = now;
      bar.show(now);
    });
  } catch (error) {
    if (isRunning(batch)) await cancel(client.afterwards(), batch);
    throw error;
  } finally {
    bar.end();
  }
}

async function cancel(client: DemoClient, { id }: Batch): Promise<void> {
  try {
    await client.call('POST', `/v1/batches/${id}/cancel`);
    say(`\nThe batch ${id} is cancelled: calls in flight end, no more are made.`);
  } catch (error) {
    say(`\nThe batch ${id} could not be cancelled, and goes on at the next start: ${messageOf(error)}`);
  }
}

outliveStdout();
try {
  // oxlint-disable-next-line node/no-process-env -- the entry point reads the environment once and passes it down
  process.exitCode = await demo(process.env);
} catch (error) {
  sayFailure(error, say);
  process.exitCode = 1;
}
