import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { apiKeys, workerKeys } from '@rendermill/shared/config/env';
import { parse } from 'yaml';
import { fence, fencesOf, pages, readPage, root } from './pages.js';

/**
 * Every fenced block of every page is run by a test, or stands here with the reason why none can run it. The key is a text that
 * the block has, and no other one of its page; `*` is so many others.
 */
interface Listed {
  readonly by?: string;
  readonly not?: string;
  readonly blocks?: number;
}
const by = (file: string, blocks?: number): Listed => ({ by: file, ...(blocks === undefined ? {} : { blocks }) });
const not = (reason: string): Listed => ({ not: reason });
const here = by('test/docs/blocks.test.ts');
const commands = by('test/clients/docs-commands.slow.test.ts');
const drawing = not('a drawing');

const readme = {
  'npm run demo': by('infra/launcher/test/demo.slow.test.ts'),
  'npm ci && npm test': by('.ci/run'),
  'npm start': by('infra/launcher/test/serve.slow.test.ts'),
};
const inReadme = [
  'response_format',
  'images.generate',
  'Idempotency-Key',
  'client.batches',
  '"max_cost"',
  'rendermill login',
];
const provider = { 'npm start': by('test/docs/providers.test.ts'), 'rendermill probe': commands };

const listed: Readonly<Record<string, Readonly<Record<string, Listed>>>> = {
  'ARCHITECTURE.md': { stateDiagram: drawing, 'main → build-*': drawing, 'apps/cli ': here },
  'CONTRIBUTING.md': { '*': by('test/docs/blocks.test.ts', 1) },
  'README.md': {
    ...readme,
    ...Object.fromEntries(inReadme.map((text) => [text, by('test/clients/readme.slow.test.ts')])),
    'rendermill probe': commands,
  },
  'README.zh-CN.md': { '*': by('test/docs/readmes.test.ts', 10) },
  'bench/README.md': { '*': by('test/docs/blocks.test.ts', 1) },
  'docs/batches.md': {
    '"12/34-front", "method"': by('test/clients/docs-batches.slow.test.ts'),
    stateDiagram: drawing,
    '"input_tokens_details"': by('test/clients/docs-batches.slow.test.ts'),
    '"invalid_size"': by('test/clients/docs-batches.slow.test.ts'),
    '"sha256"': by('test/clients/docs-batches.slow.test.ts'),
  },
  'docs/catalogues.md': { '*': by('packages/shared/test/catalogue-real.test.ts', 1) },
  'docs/cli.md': { 'webhooks listen': commands, '*': by('apps/cli/test/docs.slow.test.ts', 12) },
  'docs/concepts.md': { flowchart: drawing },
  'docs/configuration.md': { '"providers"': here },
  'docs/costs.md': { '*': by('test/clients/docs-guides.slow.test.ts', 5) },
  'docs/keys.md': { '*': by('test/clients/docs-commands.slow.test.ts', 1) },
  'docs/migrating.md': { '*': by('test/clients/docs-guides.slow.test.ts', 3) },
  'docs/providers/apiyi.md': provider,
  'docs/providers/bianxie.md': provider,
  'docs/providers/cometapi.md': provider,
  'docs/providers/laozhang.md': { ...provider, '"providers"': by('test/docs/providers.test.ts') },
  'docs/providers/openai.md': provider,
  'docs/providers/tuzi.md': provider,
  'docs/recover.md': { '*': by('test/clients/docs-commands.slow.test.ts', 1) },
  'docs/webhooks.md': {
    '"object": "event"': commands,
    '*': by('test/clients/webhook-receivers.slow.test.ts', 5),
  },
  'examples/README.md': { export: not('placeholders for what npm start prints') },
  'infra/helm/README.md': { 'helm install': here, externalRules: by('test/infra/rendered-chart.slow.test.ts') },
  'packages/client/README.md': { 'jobs.create': by('apps/cli/test/docs.slow.test.ts'), verifyWebhook: commands },
  'packages/simulator/README.md': { '*': by('test/clients/docs-commands.slow.test.ts', 1) },
};

const withBlocks = pages.filter((page) => fencesOf(page).length > 0);

test.each(withBlocks)('every block of %s is run by a test, or has a reason why not', (page) => {
  const { '*': others, ...keys } = listed[page] ?? {};
  const names = Object.keys(keys);
  const found = fencesOf(page).map(({ code }) => ({ code, names: names.filter((name) => code.includes(name)) }));
  expect(found.filter((block) => block.names.length > 1)).toEqual([]);
  const unnamed = found.filter((block) => block.names.length === 0);
  expect(others ? unnamed.length : unnamed).toEqual(others ? others.blocks : []);
  expect(found.flatMap((block) => block.names).sort()).toEqual(names.sort());
});

test('no page is listed that has no blocks', () => {
  expect(Object.keys(listed).filter((page) => !withBlocks.includes(page))).toEqual([]);
});

const tests = Object.entries(listed).flatMap(([page, blocks]) =>
  Object.values(blocks).flatMap((one) => (one.by === undefined ? [] : [[page, one.by] as const])),
);
test.each([...new Map(tests.map((pair) => [pair.join(), pair])).values()])('%s is read by %s', (page, file) => {
  expect(existsSync(join(root, file))).toBe(true);
  // These run a command that is not taken from the page.
  if (page === 'README.md' && Object.values(readme).some((one) => one.by === file)) return;
  const text = readFileSync(join(root, file), 'utf8');
  const name = page.startsWith('docs/providers/') ? 'docs/providers' : basename(page);
  expect(text).toContain(name);
});

test.each(['CONTRIBUTING.md', 'bench/README.md', 'README.md'])('every command of npm in %s is there', (page) => {
  const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> };
  const shell = fencesOf(page).map(({ code }) => code);
  const named = [...shell.join('\n').matchAll(/\bnpm (?:run )?([a-z:]+)/g)].map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => name !== 'ci' && scripts[name] === undefined)).toEqual([]);
});

test('ARCHITECTURE.md names every workspace, and folders that are there', () => {
  const rows = fence('ARCHITECTURE.md', 'apps/cli ').split('\n');
  const named = rows.flatMap((row) => /^\S+/.exec(row) ?? []);
  const { packages } = JSON.parse(readPage('package-lock.json')) as { packages: Record<string, unknown> };
  const workspaces = Object.keys(packages).filter((path) => /^(apps|packages)\/[^/]+$/.test(path));
  expect(named.sort()).toEqual([...workspaces, 'infra'].sort());
  expect(named.filter((folder) => !existsSync(join(root, folder)))).toEqual([]);
});

test('the configuration that docs/configuration.md shows is taken, and is what comes without it but for the account', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rendermill-docs-'));
  try {
    writeFileSync(join(dir, 'config.json'), fence('docs/configuration.md', '"providers"'));
    const shown = loadConfiguration({ RENDERMILL_CONFIG: join(dir, 'config.json'), OPENAI_API_KEY: 'a-key' });
    const account = shown.accounts.find(({ id }) => id === 'openai-main');
    expect(account).toMatchObject({ apiKey: 'a-key', timeoutMs: 360_000, limits: { concurrency: 5 } });
    expect({ ...shown, accounts: [] }).toEqual({ ...loadConfiguration({}), accounts: [] });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('infra/helm/README.md sets values and keys that there are', () => {
  const code = fence('infra/helm/README.md', 'helm install');
  const literals = [...code.matchAll(/--from-literal=(\w+)=/g)].map(([, name = '']) => name);
  const known = { ...apiKeys, ...workerKeys };
  expect(literals.length).toBeGreaterThan(3);
  expect(literals.filter((name) => !(name in known))).toEqual([]);
  const values = parse(readPage('infra/helm/rendermill/values.yaml')) as { secretName: string } & Record<
    string,
    Record<string, unknown>
  >;
  const set = [...code.matchAll(/--set (\w+)\.(\w+)=/g)].map(([, group = '', name = '']) => [group, name] as const);
  expect(set.length).toBeGreaterThan(1);
  expect(set.filter(([group, name]) => values[group]?.[name] === undefined)).toEqual([]);
  expect(code).toContain(`create secret generic ${values.secretName} `);
});
