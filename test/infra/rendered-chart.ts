import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

/** The chart through Go's templates with Sprig, which is what Helm uses, where Debian's packages of them are. */
export type Values = Readonly<Record<string, unknown>>;

const program = fileURLToPath(new URL('./render-chart', import.meta.url));
// Kept from run to run: Go builds its library for seconds.
const cache = fileURLToPath(new URL('../../node_modules/.cache/render-chart', import.meta.url));
const chart = fileURLToPath(new URL('../../infra/helm/rendermill', import.meta.url));

/** Built once for the file that imports this; null where it cannot be. Without a C compiler, which may not be there. */
function build(): string | null {
  const { PATH } = process.env;
  const env = {
    PATH,
    HOME: cache,
    GOCACHE: join(cache, 'go'),
    GO111MODULE: 'off',
    CGO_ENABLED: '0',
    GOPATH: '/usr/share/gocode',
  };
  const binary = join(cache, 'render');
  try {
    execFileSync('go', ['build', '-o', binary, '.'], { cwd: program, env, stdio: 'pipe' });
    return binary;
  } catch {
    return null;
  }
}

const renderer = build();
export const canRender = renderer !== null;
/** The reason that stands beside what is skipped. */
export const whyNoRenderer = canRender
  ? ''
  : ' (skipped: install Debian’s `golang-go`, `golang-github-masterminds-sprig-dev` and `golang-gopkg-yaml.v3-dev`)';

function merged(base: unknown, changes: unknown): unknown {
  const isMap = (value: unknown): value is Values =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(base) || !isMap(changes)) return changes;
  const all = { ...base };
  for (const [name, value] of Object.entries(changes)) all[name] = name in base ? merged(base[name], value) : value;
  return all;
}

/** What the chart makes of its own values with these changes; `error` is what a template said against them. */
export function renderChart(changes: Values): { readonly documents: readonly unknown[]; readonly error: string } {
  const values = merged(parse(readFileSync(join(chart, 'values.yaml'), 'utf8')), changes);
  const { status, stdout, stderr } = spawnSync(renderer ?? '', [chart], {
    input: JSON.stringify(values),
    encoding: 'utf8',
  });
  if (status !== 0) return { documents: [], error: stderr };
  const documents = parseAllDocuments(stdout).map((document) => {
    const [fault] = document.errors;
    if (fault) throw fault;
    return document.toJS() as unknown;
  });
  return { documents: documents.filter((document) => document !== null), error: '' };
}
