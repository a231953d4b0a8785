import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parseApiEnv, parseWorkerEnv, apiKeys, workerKeys } from '@rendermill/shared/config/env';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly user?: string;
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const { api, worker } = compose.services;

/** As compose replaces `${NAME:-default}` and `${NAME:?message}`, with what a user must give. */
function filled(text: unknown): string {
  const given: Record<string, string> = {
    RENDERMILL_ADMIN_KEY: 'rm_live_0123456789abcdef0123',
    RENDERMILL_SECRET: 'a secret of some length',
  };
  return String(text).replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, how: string, rest: string) => {
    const value = given[name] ?? (how === '-' ? rest : undefined);
    if (value === undefined) throw new Error(`${name} has neither a default nor a value here`);
    return value;
  });
}

const environmentOf = ({ environment = {} }: Service): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filled(value)]));

describe('docker-compose.yml', () => {
  test('gives API and worker an environment that they take, and no key that they do not read', () => {
    if (!api || !worker) throw new Error('compose has no API or no worker');
    expect(parseApiEnv(environmentOf(api))).toMatchObject({ HOST: '0.0.0.0', PORT: 8_080 });
    expect(parseWorkerEnv(environmentOf(worker))).toMatchObject({ WORKER_METRICS_HOST: '0.0.0.0' });
    const known = new Set([...Object.keys(apiKeys), ...Object.keys(workerKeys)]);
    const given = [api, worker].flatMap((service) => Object.keys(service.environment ?? {}));
    // Read by the S3 client itself.
    expect(given.filter((name) => !known.has(name) && !name.startsWith('AWS_'))).toEqual([]);
  });

  test('takes the images of others from images.env', () => {
    const images = read('infra/images.env')
      .split('\n')
      .filter((row) => /^\w+=/.test(row));
    const inCompose = Object.values(compose.services).flatMap(({ image }) => {
      const match = /^\$\{(\w+):-([^}]+)\}$/.exec(image);
      return match ? [`${match[1]}=${match[2]}`] : [];
    });
    expect(inCompose.sort()).toEqual(images.sort());
  });

  test('mounts what is there', () => {
    const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((one) => one.split(':')[0] ?? ''),
    );
    expect(mounted.filter((from) => from.startsWith('.') && !existsSync(join(root, from)))).toEqual([]);
    expect(mounted.filter((from) => !from.startsWith('.') && !Object.hasOwn(compose.volumes, from))).toEqual([]);
  });

  test('waits for a worker longer than for its longest call by default', () => {
    // 360 s of a call, 30 s of grace, 12 s to close.
    expect(worker?.stop_grace_period).toBe('8m');
  });

  test('has Prometheus look where the worker listens', () => {
    const { scrape_configs: jobs } = parse(read('infra/prometheus/prometheus.yml')) as {
      scrape_configs: { job_name: string; dns_sd_configs?: { names: string[]; port: number }[] }[];
    };
    const targets = jobs.flatMap(({ dns_sd_configs = [] }) =>
      dns_sd_configs.map(({ names, port }) => [names[0], port]),
    );
    expect(targets).toEqual([
      ['api', Number(api?.environment?.['PORT'])],
      ['worker', Number(worker?.environment?.['WORKER_METRICS_PORT'])],
    ]);
  });
});

describe('in a container beside other services', () => {
  const needed = {
    REDIS_URL: 'redis://r',
    STORAGE_URL: 's3://b',
    RENDERMILL_ADMIN_KEY: 'k'.repeat(24),
    RENDERMILL_SECRET: 's'.repeat(16),
  };
  /** What Kubernetes sets for a service of this name, as its documentation has it. */
  const links = (name: string): NodeJS.ProcessEnv => ({
    [`${name}_SERVICE_HOST`]: '10.0.0.11',
    [`${name}_SERVICE_PORT`]: '80',
    [`${name}_SERVICE_PORT_HTTP`]: '80',
    [`${name}_PORT`]: 'tcp://10.0.0.11:80',
    [`${name}_PORT_80_TCP`]: 'tcp://10.0.0.11:80',
    [`${name}_PORT_80_TCP_PROTO`]: 'tcp',
    [`${name}_PORT_80_TCP_PORT`]: '80',
    [`${name}_PORT_80_TCP_ADDR`]: '10.0.0.11',
  });

  test.each(['RENDERMILL_API', 'RENDERMILL_WORKER', 'REDIS', 'REDIS_MASTER', 'S3', 'STORAGE', 'WORKER_METRICS'])(
    'the variables of a service %s are nobody’s setting',
    (name) => {
      expect(parseApiEnv({ ...needed, ...links(name) })).toEqual(parseApiEnv(needed));
      expect(parseWorkerEnv({ ...needed, ...links(name) })).toEqual(parseWorkerEnv(needed));
    },
  );

  test.each(['WORKER_METRIC_PORT', 'REDIS_PORT', 'RENDERMILL_SERVICE'])('a misspelt %s is still told', (name) => {
    expect(() => parseWorkerEnv({ ...needed, [name]: '9464' })).toThrow(`${name} is not a key that Rendermill knows`);
  });
});

describe('the image', () => {
  const stages = read('infra/docker/Dockerfile')
    .split(/^FROM /m)
    .slice(1);

  test('runs as another than root, and gets signals itself', () => {
    const last = stages.at(-1) ?? '';
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^CMD \["node", /m);
  });

  test('copies what the build needs, all of which is there', () => {
    const copied = [...(stages[0] ?? '').matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, from = '']) => from.split(' '));
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('the chart', () => {
  const chart = 'infra/helm/rendermill';
  const values = parse(read(`${chart}/values.yaml`)) as Record<string, unknown>;
  const schema = JSON.parse(read(`${chart}/values.schema.json`)) as object;
  const names = readdirSync(join(root, chart, 'templates'));
  const templates = names.map((name) => read(`${chart}/templates/${name}`)).join('\n');

  test('has values that its schema takes, and refuses what is not one', () => {
    const valid = new Ajv({ strict: false }).compile(schema);
    expect([valid(values), valid.errors]).toEqual([true, null]);
    expect(valid({ ...values, wokrer: {} })).toBe(false);
    const keda = { ...(values['worker'] as object), autoscaling: { mode: 'keda', prometheusAddress: '' } };
    expect(valid({ ...values, worker: keda })).toBe(false);
  });

  test('uses only values that there are', () => {
    const paths = [...templates.matchAll(/\$?\.Values\.([\w.]+)/g)].map(([, path = '']) => path);
    const missing = paths.filter((path) => {
      let at: unknown = values;
      for (const part of path.split('.')) {
        if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return true;
        at = (at as Record<string, unknown>)[part];
      }
      return false;
    });
    expect(paths.length).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });

  test.each(['api', 'worker'])('has Kubernetes set no variables for services in the pods of %s', (component) => {
    const [, pod = ''] = read(`${chart}/templates/${component}.yaml`).split(/^ {2}template:$/m);
    expect(pod).toMatch(/^ {4}spec:\n(?: {6}.*\n)*? {6}enableServiceLinks: false$/m);
  });

  test('sets only keys of the environment that the apps read', () => {
    const set = [...templates.matchAll(/- name: ([A-Z][A-Z0-9_]+)$/gm)].map(([, name = '']) => name);
    const known = new Set([...Object.keys(apiKeys), ...Object.keys(workerKeys)]);
    expect(set.length).toBeGreaterThan(6);
    expect(set.filter((name) => !known.has(name))).toEqual([]);
    const env = Object.keys(values['env'] as object);
    expect(env.filter((name) => !known.has(name))).toEqual([]);
  });
});
