import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { presets } from '@rendermill/shared/domain/presets/index';

/** docs/providers is generated; here it is held against what a reader does with it. */
const sold = Object.values(presets).flatMap(({ id, envKey, models }) =>
  envKey === null ? [] : [{ id, envKey, models }],
);
const pageOf = (id: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/providers/${id}.md`, import.meta.url)), 'utf8');

test.each(sold)('the key that the page of $id names makes the account that it names', ({ id, envKey, models }) => {
  const page = pageOf(id);
  expect(page).toContain(`\`\`\`sh\n${envKey}=… npm start\n\`\`\``);
  const account = loadConfiguration({ [envKey]: 'a-key' }).accounts.find((one) => one.id === id);
  expect(page).toContain(`makes the account \`${id}\` at ${account?.baseUrl}`);
  for (const model of Object.keys(models)) expect(page).toContain(`\`${model}\``);
});

test('the configuration that the page of laozhang shows is that of a free account, with prices that are known', () => {
  const [, text = ''] = /^```json\n(.*?)^```$/ms.exec(pageOf('laozhang')) ?? [];
  const dir = mkdtempSync(join(tmpdir(), 'rendermill-docs-'));
  try {
    writeFileSync(join(dir, 'config.json'), text);
    const env = { RENDERMILL_CONFIG: join(dir, 'config.json'), LAOZHANG_API_KEY: 'a-key' };
    const account = loadConfiguration(env).accounts.find(({ id }) => id === 'laozhang');
    expect(account?.limits).toMatchObject({ concurrency: 5, requests_per_minute: 20, requests_per_day: 150 });
    expect(account?.prices['gpt-image-1']?.usdRate).toBe(0.14);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
