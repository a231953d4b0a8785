import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { createApiMetrics } from '@rendermill/shared/observability/api-metrics';
import { createInstallationMetrics } from '@rendermill/shared/observability/installation-metrics';
import { createWorkerMetrics, watchWorker } from '@rendermill/shared/observability/worker-metrics';
import { parse, stringify } from 'yaml';
import { hasPromtool, promtool, whyNoPromtool } from '../promtool.js';

const file = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(file(name), 'utf8');

interface Rule {
  readonly alert: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}
interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const all = (parse(read('infra/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const rules = all.filter(({ record }) => record === undefined);
const dashboard = JSON.parse(read('infra/grafana/rendermill.json')) as { panels: Panel[] };
const drawn = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

/** Label names by series, as the code makes them, with what Prometheus adds to each. */
function known(): Map<string, Set<string>> {
  const worker = createWorkerMetrics();
  const nothing = async (): Promise<number> => 0;
  watchWorker(worker, { running: () => 0, concurrency: 0, leads: () => false, spooled: nothing, free: nothing });
  const series = new Map<string, Set<string>>();
  for (const { registry } of [createApiMetrics(), worker, createInstallationMetrics()]) {
    for (const metric of registry.getMetricsAsArray()) {
      const { name, labelNames } = metric as unknown as { name: string; labelNames: string[] };
      const labels = new Set([...labelNames, 'app', 'instance', 'job']);
      series.set(name, labels);
      for (const suffix of ['_bucket', '_sum', '_count']) {
        if (metric.constructor.name === 'Histogram') series.set(name + suffix, new Set([...labels, 'le']));
      }
    }
  }
  return series;
}

/** What an expression names that is not there: series, and labels that none of its series has. */
function unknownIn(expr: string): string[] {
  const series = known();
  const used = [...expr.matchAll(/\b(?:rendermill|nodejs|process)_\w+/g)].map(([name]) => name);
  const labels = [
    ...[...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
      [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    ),
    ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inside = '']) => inside.split(',').map((one) => one.trim())),
  ];
  return [
    ...used.filter((name) => !series.has(name)),
    ...labels.filter((label) => !used.some((name) => series.get(name)?.has(label))),
  ];
}

describe('the dashboard', () => {
  test('draws only what is measured, by labels that are there', () => {
    expect(drawn.length).toBeGreaterThan(50);
    expect(drawn.map(({ title, expr }) => [title, unknownIn(expr)]).filter(([, wrong]) => wrong?.length)).toEqual([]);
  });

  test('shows every metric that is ours', () => {
    const text = drawn.map(({ expr }) => expr).join('\n');
    const ours = [...known().keys()].filter(
      (name) => name.startsWith('rendermill_') && !/_(bucket|sum|count)$/.test(name),
    );
    const notShown = ours.filter((name) => !new RegExp(`\\b${name}(_bucket|_count|_sum)?\\b`).test(text));
    // Those that alerts look at, or that say the same as others for a person.
    expect(notShown.sort()).toEqual([
      'rendermill_attempts_in_flight',
      'rendermill_batches',
      'rendermill_batches_finished_total',
      'rendermill_jobs_due',
      'rendermill_unexpected_errors_total',
      'rendermill_uploaded_files_total',
      'rendermill_worker_leads',
    ]);
  });

  (hasPromtool ? test : test.skip)(`has expressions that Prometheus can read${whyNoPromtool}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'rm-rules-'));
    const plain = (expr: string): string => expr.replaceAll('$__rate_interval', '5m').replaceAll('$provider', '.*');
    const recorded = drawn.map(({ expr }, i) => ({ record: `panel:${i}`, expr: plain(expr) }));
    writeFileSync(join(folder, 'panels.yml'), stringify({ groups: [{ name: 'panels', rules: recorded }] }));
    expect(promtool(['check', 'rules', join(folder, 'panels.yml')])).toBe('');
    rmSync(folder, { recursive: true });
  });
});

describe('the alert rules', () => {
  test('look only at what is measured, by labels that are there', () => {
    const wrong = all.map(({ alert, record, expr }) => [alert ?? record, unknownIn(expr)] as const);
    expect(wrong.filter(([, names]) => names.length)).toEqual([]);
  });

  test('have each a name of their own, a severity, and a section that says what to do', () => {
    const page = read('docs/operations.md');
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(rules.filter(({ labels }) => !['critical', 'warning'].includes(labels.severity))).toEqual([]);
    expect(rules.map(({ alert }) => alert).filter((alert) => !page.includes(`\n### ${alert}\n`))).toEqual([]);
  });

  (hasPromtool ? test : test.skip)(
    `are right by Prometheus' own checker, and fire when they should${whyNoPromtool}`,
    () => {
      expect(promtool(['check', 'rules', file('infra/prometheus/alerts.yml')])).toBe('');
      expect(promtool(['test', 'rules', file('infra/prometheus/alerts.test.yml')])).toBe('');
      expect(promtool(['check', 'config', '--syntax-only', file('infra/prometheus/prometheus.yml')])).toBe('');
    },
  );
});
