import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parseApiEnv, parseWorkerEnv, apiKeys, workerKeys } from '@rendermill/shared/config/env';
import { afterCallMs, closingMs } from '@rendermill/shared/config/drain';
import { presets } from '@rendermill/shared/domain/presets/index';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly volumes?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly command?: readonly string[];
  readonly env_file?: readonly { readonly path: string; readonly required: boolean }[];
  readonly stop_grace_period?: string;
  readonly user?: string;
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const { api, worker } = compose.services;

const needed = { RENDERMILL_ADMIN_KEY: 'rm_live_0123456789abcdef0123', RENDERMILL_SECRET: 'a secret of some length' };

/** As compose replaces `${NAME:-default}`, `${NAME-default where unset}`, `${NAME:+instead}` and `${NAME:?message}`. */
function filled(text: unknown, given: Readonly<Record<string, string>>): string {
  return String(text).replaceAll(/\$\{(\w+)(?:(:?[-?+])([^}]*))?\}/g, (_, name: string, how: string, rest: string) => {
    const value = given[name];
    if (how === ':+') return value ? rest : '';
    if (how === ':-') return value || rest;
    if (how === '-') return value ?? rest;
    if (!value) throw new Error(`${name} has neither a default nor a value here`);
    return value;
  });
}

const environmentOf = (
  { environment = {} }: Service,
  given: Readonly<Record<string, string>> = needed,
): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filled(value, given)]));

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

  /** What the containers decide, not who starts them. */
  const fixed = new Set([
    'NODE_ENV',
    'REDIS_URL',
    'RENDERMILL_DATA_DIR',
    'HOST',
    'PORT',
    'WORKER_METRICS_HOST',
    'WORKER_METRICS_PORT',
  ]);

  test.each([
    ['api', Object.keys(apiKeys)],
    ['worker', Object.keys(workerKeys)],
  ] as const)('hands every key that %s reads on from the shell, or fixes it', (name, keys) => {
    const service = compose.services[name] ?? { image: '' };
    const told = Object.fromEntries(keys.map((key) => [key, `my ${key}`]));
    const environment = environmentOf(service, told);
    const notHanded = keys.filter((key) => !fixed.has(key) && environment[key] !== told[key]);
    // The file itself is mounted.
    expect(notHanded).toEqual(['RENDERMILL_CONFIG']);
    const mount = (service.volumes ?? []).find((one) => typeof one !== 'string');
    const given = { ...needed, RENDERMILL_CONFIG: './accounts.json' };
    expect(filled(mount?.source, given)).toBe('./accounts.json');
    expect(environmentOf(service, given)['RENDERMILL_CONFIG']).toBe(mount?.target);
    expect([filled(mount?.source, {}), environmentOf(service)['RENDERMILL_CONFIG']]).toEqual(['/dev/null', '']);
    // Names of one's own, as its "${NAME}" are, come by a file, which need not be there.
    expect(service.env_file).toEqual([{ path: 'rendermill.env', required: false }]);
  });

  test('takes a bucket at AWS by an empty endpoint', () => {
    const given = { ...needed, S3_ENDPOINT: '', S3_PUBLIC_ENDPOINT: '', STORAGE_URL: 's3://mine/images' };
    const env = parseApiEnv(environmentOf(api ?? { image: '' }, given));
    expect([env.S3_ENDPOINT, env.S3_PUBLIC_ENDPOINT, env.STORAGE_URL]).toEqual([
      undefined,
      undefined,
      's3://mine/images',
    ]);
  });

  test('has Redis refuse what it has no memory for, by a limit that can be watched', () => {
    const command = (compose.services['redis']?.command ?? []).map((word) => filled(word, {}));
    expect(command.slice(command.indexOf('--maxmemory'))).toEqual(['--maxmemory', '1gb']);
    expect(read('infra/redis.conf')).toMatch(/^maxmemory-policy noeviction$/m);
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
      volumes.flatMap((one) => (typeof one === 'string' ? [one.split(':')[0] ?? ''] : [])),
    );
    expect(mounted.filter((from) => from.startsWith('.') && !existsSync(join(root, from)))).toEqual([]);
    expect(mounted.filter((from) => !from.startsWith('.') && !Object.hasOwn(compose.volumes, from))).toEqual([]);
  });

  test('waits for a worker longer than for its longest call by default', () => {
    const [, minutes] = /^(\d+)m$/.exec(filled(worker?.stop_grace_period, {})) ?? [];
    const longestMs = Math.max(...Object.values(presets).map(({ timeoutMs }) => timeoutMs));
    expect(Number(minutes) * 60_000).toBeGreaterThan(longestMs + afterCallMs + closingMs);
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
  const least = {
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
      expect(parseApiEnv({ ...least, ...links(name) })).toEqual(parseApiEnv(least));
      expect(parseWorkerEnv({ ...least, ...links(name) })).toEqual(parseWorkerEnv(least));
    },
  );

  test.each(['WORKER_METRIC_PORT', 'REDIS_PORT', 'RENDERMILL_SERVICE'])('a misspelt %s is still told', (name) => {
    expect(() => parseWorkerEnv({ ...least, [name]: '9464' })).toThrow(`${name} is not a key that Rendermill knows`);
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

  test('installs by the package files of all workspaces, and copies sources after that', () => {
    const [before = '', after = ''] = (stages[0] ?? '').split('RUN npm ci\n');
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { link?: boolean }> };
    const folders = Object.keys(packages).filter((path) => path !== '' && !path.includes('node_modules'));
    expect(folders.length).toBeGreaterThan(6);
    const copied = [...before.matchAll(/^COPY (\S+)\/package\.json \1\/$/gm)].map(([, folder]) => folder);
    expect(new Set(copied)).toEqual(new Set(folders));
    expect([...before.matchAll(/^COPY (?!.*package\.json)(.+)$/gm)].map(([, rest]) => rest)).toEqual([
      'apps/cli/bin apps/cli/bin',
    ]);
    expect(after).toMatch(/^COPY apps apps$/m);
  });

  test('copies what the build needs, all of which is there', () => {
    const copied = [...(stages[0] ?? '').matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, from = '']) => from.split(' '));
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
