import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';

/** A real Chromium: the system's, or the one that CHROMIUM names. Nothing is downloaded. */

const places = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const executable = places.find((place) => {
  if (!place) return false;
  try {
    accessSync(place, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

/** The reason that stands beside what is skipped. */
export const why = executable ? '' : ' (skipped: no Chromium here; install Debian’s `chromium` or set CHROMIUM)';

export async function openBrowser(): Promise<Browser> {
  if (!executable) throw new Error('There is no Chromium.');
  // Containers run as root, where Chromium's sandbox refuses to start; it sees only our own pages.
  return chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
}

/** A page, and what went wrong in it: scripts' errors, and what its policy forbade. */
export async function openPage(
  browser: Browser,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<{ readonly page: Page; readonly faults: string[] }> {
  const page = await browser.newPage(options);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  return { page, faults };
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

/** What axe finds on the page that is serious or worse, a line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Evaluated by the debugger: the page's policy, which lets no script in, stays in force.
  await page.evaluate(await readFile(axe, 'utf8'));
  const { violations } = await page.evaluate<{ violations: Finding[] }>('axe.run(document)');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`));
}

/** Kept for who wants to see: in the folder that SCREENSHOTS names, else in one that git ignores. */
const pictures = process.env['SCREENSHOTS'] ?? fileURLToPath(new URL('../screenshots', import.meta.url));

/** The page as it looks; of a long one what is in view. */
export async function look(page: Page, name: string): Promise<void> {
  const fullPage = await page.evaluate<boolean>('document.documentElement.scrollHeight < 10_000');
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage });
}

/** That a page has no serious fault, in light and in dark, and is no wider than a telephone; a picture of each. */
export async function faultsOf(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  const before = page.viewportSize();
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [390, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      found.push(...(await seriousFindings(page)).map((finding) => `${colorScheme} ${width}: ${finding}`));
      if (!(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')))
        found.push(`${colorScheme}: wider than ${width}`);
      await look(page, `${name}-${colorScheme}-${width}`);
    }
  }
  if (before) await page.setViewportSize(before);
  return found;
}
