import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { afterCallMs, closingMs } from '@rendermill/shared/config/drain';
import { parseApiEnv, parseWorkerEnv } from '@rendermill/shared/config/env';
import { presets } from '@rendermill/shared/domain/presets/index';
import { parse } from 'yaml';
import { canRender, renderChart, whyNoRenderer, type Values } from './rendered-chart.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

interface Pod {
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [{ readonly env: readonly { readonly name: string; readonly value: string }[] }];
}
interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown> & { readonly template: { readonly spec: Pod } };
}

(canRender ? describe : describe.skip)(`the chart as it is rendered${whyNoRenderer}`, () => {
  const objects = (changes: Values = {}): Rendered[] => {
    const { documents, error } = renderChart(changes);
    expect(error).toBe('');
    return documents as Rendered[];
  };
  const podOf = (all: readonly Rendered[], kind: string): Pod => {
    const found = all.find((one) => one.kind === kind);
    if (!found) throw new Error(`no ${kind} is rendered`);
    return found.spec.template.spec;
  };
  const environmentOf = ({ containers: [{ env }] }: Pod): NodeJS.ProcessEnv =>
    Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const secret = {
    REDIS_URL: 'rediss://r',
    RENDERMILL_ADMIN_KEY: 'k'.repeat(24),
    RENDERMILL_SECRET: 's'.repeat(16),
  };
  const everything: Values = {
    env: { STORAGE_URL: 's3://b/images' },
    config: { providers: [{ id: 'slow', preset: 'openai', timeout_ms: 600_000 }] },
    api: { publicUrl: 'https://render.example', autoscaling: { enabled: true } },
    worker: { longestCallSeconds: 600, autoscaling: { mode: 'hpa' } },
    ingress: { enabled: true, host: 'render.example', tlsSecretName: 'tls' },
    monitoring: { enabled: true },
  };

  test.each([
    ['by default', { env: { STORAGE_URL: 's3://b/images' } }],
    ['with everything on', everything],
  ])('%s gives pods an environment that the apps take, and no variables of other services', (_, changes) => {
    const all = objects(changes);
    const [api, worker] = [podOf(all, 'Deployment'), podOf(all, 'StatefulSet')];
    expect(parseApiEnv({ ...secret, ...environmentOf(api) })).toMatchObject({ HOST: '0.0.0.0', PORT: 8_080 });
    expect(parseWorkerEnv({ ...secret, ...environmentOf(worker) })).toMatchObject({ WORKER_METRICS_PORT: 9_464 });
    expect([api.enableServiceLinks, worker.enableServiceLinks]).toEqual([false, false]);
  });

  test.each([360, 1_200])('waits for a worker longer than for its longest call, of %d s', (longestCallSeconds) => {
    const pod = podOf(objects({ env: { STORAGE_URL: 's3://b' }, worker: { longestCallSeconds } }), 'StatefulSet');
    const { SHUTDOWN_GRACE_MS = 0 } = parseWorkerEnv({ ...secret, ...environmentOf(pod) });
    expect(SHUTDOWN_GRACE_MS).toBeGreaterThanOrEqual(longestCallSeconds * 1_000 + afterCallMs);
    expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(SHUTDOWN_GRACE_MS + closingMs);
  });

  test('takes the longest call of a preset as it is, and refuses an account whose calls may last longer', () => {
    const longestMs = Math.max(...Object.values(presets).map(({ timeoutMs }) => timeoutMs));
    const config = (timeout_ms: number): Values => ({ config: { providers: [{ id: 'slow', timeout_ms }] } });
    expect(renderChart(config(longestMs)).error).toBe('');
    expect(renderChart(config(longestMs + 1)).error).toContain('the account slow may take 360001 ms');
    expect(renderChart({ ...config(600_000), worker: { longestCallSeconds: 600 } }).error).toBe('');
  });

  test('lets nobody out to the cloud’s metadata, by IPv4 or IPv6', () => {
    const policies = objects().filter(({ kind }) => kind === 'NetworkPolicy');
    expect(policies).toHaveLength(2);
    for (const { spec } of policies) {
      const text = JSON.stringify(spec['egress']);
      expect(text).toContain('{"cidr":"0.0.0.0/0","except":["169.254.0.0/16"]}');
      expect(text).toContain('{"cidr":"::/0","except":["fd00:ec2::254/128","fd20:ce::254/128"]}');
    }
  });

  test('scales by what alerts.yml records, which is what KEDA is told to ask', () => {
    const { groups } = parse(read('infra/prometheus/alerts.yml')) as {
      groups: { rules: { record?: string; expr: string }[] }[];
    };
    const recorded = groups.flatMap(({ rules }) => rules).find(({ record }) => record !== undefined);
    const hpa = objects(everything).find(
      ({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name.endsWith('-worker'),
    );
    expect(hpa?.spec['metrics']).toMatchObject([{ external: { metric: { name: recorded?.record } } }]);
    const autoscaling = { mode: 'keda', prometheusAddress: 'http://prometheus:9090' };
    const keda = objects({ worker: { autoscaling } }).find(({ kind }) => kind === 'ScaledObject');
    expect(keda?.spec['triggers']).toMatchObject([{ metadata: { query: recorded?.expr } }]);
    const readme = read('infra/helm/README.md');
    const [, adapter = ''] = /^```yaml\n(.*?)^```$/ms.exec(readme) ?? [];
    expect(parse(adapter)).toMatchObject({ externalRules: [{ seriesQuery: recorded?.record }] });
  });

  test('gives a worker the memory that the guide says', () => {
    const { resources } = podOf(objects(), 'StatefulSet').containers[0] as unknown as {
      resources: { requests: { memory: string }; limits: { memory: string } };
    };
    const [, least, most] =
      /Give\s+a worker (\d+ \w+), and (\d+ \w+) as a limit/.exec(read('docs/production.md')) ?? [];
    expect([resources.requests.memory, resources.limits.memory]).toEqual(
      [least, most].map((text) => text?.replace(' ', '').replace('B', '')),
    );
  });
});
