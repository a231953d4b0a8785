// Writes docs/images/dashboard.png: the page of a batch that runs, from a real Rendermill with the built-in simulator.
// For when the page has changed: `npm run build && node scripts/dashboard-picture.mjs`; takes Chromium (CHROMIUM names it).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { startStack } from '../infra/launcher/dist/stack.js';

const target = fileURLToPath(new URL('../docs/images/dashboard.png', import.meta.url));
const view = { width: 1440, height: 900 };
const say = (line) => process.stdout.write(`${line}\n`);

const products = ['Stoneware mug', 'Desk lamp', 'Linen apron', 'Oak board', 'Wool throw', 'Brass hook', 'Glass carafe'];
const colours = ['teal', 'sand', 'rust', 'moss', 'slate', 'ochre', 'plum', 'chalk', 'ink', 'clay', 'fern', 'rose'];
const requests = colours.flatMap((colour) =>
  products.map((product) => ({
    custom_id: `${product.split(' ')[1].toUpperCase()}-${colour.toUpperCase()}`,
    method: 'POST',
    url: '/v1/images/generations',
    body: {
      model: 'gpt-image-1',
      prompt: `Studio photograph: ${product}, ${colour}`,
      quality: 'low',
      size: '1024x1024',
    },
  })),
);

const dataDir = await mkdtemp(join(tmpdir(), 'rendermill-picture-'));
const env = { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', LOG_LEVEL: 'warn' };
const stack = await startStack({ env, dataDir, log: say });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage({ viewport: view, colorScheme: 'light', locale: 'en-US' });
  await page.goto(`${stack.url}/#key=${stack.adminKey}`);
  const response = await fetch(`${stack.url}/v1/batches`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ requests, metadata: { name: 'Autumn catalogue' } }),
  });
  if (!response.ok) throw new Error(`POST /v1/batches: ${response.status} ${await response.text()}`);
  const { id } = await response.json();
  await page.goto(`${stack.url}/#/batches/${id}`);
  // Half of them are there, and the rest is on its way. Not by waitForFunction: the page's policy evaluates nothing.
  const loaded = '[...document.querySelectorAll(".gallery img")].filter((one) => one.naturalWidth > 0).length';
  const done = async () => Number((await page.locator('.legend b').first().innerText()).replace(/\D/g, ''));
  while ((await page.evaluate(loaded)) < 12 || (await done()) < 40) await setTimeout(100);
  const shot = await page.screenshot();
  const { size } = await sharp(shot).png({ palette: true, quality: 90, effort: 10 }).toFile(target);
  say(`docs/images/dashboard.png: ${Math.ceil(size / 1_000)} kB`);
} finally {
  await browser.close();
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}
