import { z } from 'zod';
import { isRange } from '../domain/ip-ranges.js';
import { isWebhookSecret } from '../domain/webhook-signature.js';

/**
 * The environment, parsed once per app. Each key is described here and nowhere else: `.env.example` and
 * `docs/configuration.md` are generated from this file.
 */
const integer = (min: number, max: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(min).max(max));

const key = (text: string) => z.string().min(1).optional().describe(text);

const list = z
  .string()
  .optional()
  .transform((text) => (text ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()])));

const shared = {
  REDIS_URL: z
    .string()
    .regex(
      /^(redis|rediss|unix|redis\+sentinel|rediss\+sentinel):/,
      'must begin with redis://, rediss://, redis+sentinel:// or unix:',
    )
    .describe(
      'Redis or Valkey: `redis://`, `rediss://`, `unix:/path/redis.sock`, or `redis+sentinel://host:26379,host2:26379/0?name=mymaster`. All keys share one hash tag.',
    ),
  REDIS_KEY_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'must have 1 to 40 of a-z 0-9 -')
    .default('rm')
    .describe('Hash tag of every key, for several installations on one Redis.'),
  STORAGE_URL: z
    .string()
    .regex(/^(s3:\/\/[^/]+|file:\/\/\/)/, 'must be s3://bucket/prefix or file:///directory')
    .describe('`s3://bucket/prefix` or `file:///directory`.'),
  S3_ENDPOINT: z.url().optional().describe('S3 server other than AWS. The bucket is made there when it is missing.'),
  S3_PUBLIC_ENDPOINT: z
    .url()
    .optional()
    .describe('Base of presigned links, where clients reach the S3 server by another name than S3_ENDPOINT.'),
  S3_REGION: z.string().min(1).default('us-east-1').describe('Region of the bucket.'),
  S3_FORCE_PATH_STYLE: z
    .enum(['true', 'false'])
    .optional()
    .transform((value) => (value === undefined ? undefined : value === 'true'))
    .describe('Path-style addresses; by default where S3_ENDPOINT is set.'),
  S3_CHECKSUMS: z
    .enum(['WHEN_SUPPORTED', 'WHEN_REQUIRED'])
    .default('WHEN_REQUIRED')
    .describe(
      'When the S3 client adds CRC checksums of its own. Older S3 servers need WHEN_REQUIRED; sha256 is always sent.',
    ),
  RENDERMILL_CONFIG: key('Path of the JSON file with provider accounts.'),
  RENDERMILL_DATA_DIR: z.string().min(1).default('./.rendermill').describe('Spool, embedded data, generated secrets.'),
  RENDERMILL_ADMIN_KEY: z
    .string()
    .regex(/^[A-Za-z0-9_-]{24,}$/, 'must have 24 or more of A-Z a-z 0-9 _ -')
    .describe('The first API key: all scopes, project `default`.'),
  RENDERMILL_SECRET: z
    .string()
    .min(16, 'must have 16 or more characters')
    .describe('Key of secrets at rest and of signed links.'),
  RENDERMILL_SECRET_PREVIOUS: z
    .string()
    .min(16, 'must have 16 or more characters')
    .optional()
    .describe(
      'The RENDERMILL_SECRET before, while it is being changed: what it sealed is sealed anew at the start, API keys and links that it signed go on working.',
    ),
  RENDERMILL_WEBHOOK_SECRET: z
    .string()
    .refine(isWebhookSecret, 'must be whsec_ and 24 to 64 bytes in base64')
    .optional()
    .describe('Signs deliveries to per-job `webhook_url` in project `default`; generated where it is not given.'),
  RENDERMILL_ALLOW_NETS: list.describe(
    'CIDRs, separated by commas, that image, result and webhook URLs may reach although they are private; there also by http and on any port.',
  ),
  RENDERMILL_ALLOW_NETS_IN_PRODUCTION: z
    .enum(['yes'])
    .optional()
    .describe('Accepts RENDERMILL_ALLOW_NETS with NODE_ENV=production.'),
  NODE_ENV: z.string().optional().describe('`production` refuses what is meant for tests.'),
  URL_TTL_SECONDS: integer(60, 604_800).default(86_400).describe('Life of the links in answers, in seconds.'),
  MAX_PAID_ATTEMPTS: integer(1, 10)
    .default(2)
    .describe('Hard cap of possibly billed attempts per planned call and generation.'),
  RETENTION_DAYS: integer(1, 3_650)
    .default(30)
    .describe("How long finished jobs stay in Redis, in days. Stored files follow the bucket's own lifecycle."),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('pino JSON on stdout.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url()
    .optional()
    .describe(
      'Base URL of an OpenTelemetry collector (OTLP over HTTP), for traces; nothing is traced without it. The other `OTEL_*` variables are those of the OpenTelemetry SDK.',
    ),
  OPENAI_API_KEY: key('Alone makes a provider account from preset `openai`.'),
  APIYI_API_KEY: key('Alone makes a provider account from preset `apiyi`.'),
  LAOZHANG_API_KEY: key('Alone makes a provider account from preset `laozhang`.'),
  COMETAPI_API_KEY: key('Alone makes a provider account from preset `cometapi`.'),
  TUZI_API_KEY: key('Alone makes a provider account from preset `tuzi`.'),
  TUZI_API_BASE: z.url().optional().describe("Base URL of tu-zi, which has several. Default: the preset's."),
  BIANXIE_API_KEY: key('Alone makes a provider account from preset `bianxie`.'),
} as const;

export const apiKeys = {
  ...shared,
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
  PORT: integer(0, 65_535).default(8_080).describe('Port to listen on; 0 takes a free one.'),
  RENDERMILL_PUBLIC_URL: z
    .url()
    .optional()
    .transform((url) => url?.replace(/\/+$/, ''))
    .describe('Base of the links it hands out. Default: `http://HOST:PORT`.'),
  RENDERMILL_TRUSTED_PROXIES: list
    .refine((nets) => nets.every(isRange), 'must be CIDRs or addresses, separated by commas')
    .describe(
      'CIDRs of reverse proxies, separated by commas, whose `X-Forwarded-For` is believed: the client is the last address in it that is none of theirs. It matters to `ip_ranges` of API keys and to the limit on wrong keys.',
    ),
  SYNC_WAIT_MS: integer(1, 3_600_000)
    .default(240_000)
    .describe('How long a synchronous call is held, in milliseconds.'),
} as const;

export const workerKeys = {
  ...shared,
  WORKER_CONCURRENCY: integer(1, 1_000)
    .default(50)
    .describe('Attempts in flight per worker process; provider limits bind first.'),
  SHUTDOWN_GRACE_MS: integer(0, 86_400_000)
    .optional()
    .describe(
      'How long SIGTERM waits for work in flight, in milliseconds. Default: the longest provider timeout + 30 s.',
    ),
  WORKER_METRICS_PORT: integer(0, 65_535)
    .optional()
    .describe('Serves /healthz and /metrics of the worker on this port, where set. They need no key.'),
  WORKER_METRICS_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address for WORKER_METRICS_PORT: another one only where nobody but Prometheus reaches it.'),
} as const;

const apiSchema = z.object(apiKeys).superRefine(checkNets);
const workerSchema = z.object(workerKeys).superRefine(checkNets);

export type ApiEnv = z.output<typeof apiSchema>;
export type WorkerEnv = z.output<typeof workerSchema>;
export type SharedEnv = Pick<ApiEnv, keyof typeof shared>;

function checkNets(
  env: {
    NODE_ENV?: string | undefined;
    RENDERMILL_ALLOW_NETS: string[];
    RENDERMILL_ALLOW_NETS_IN_PRODUCTION?: 'yes' | undefined;
  },
  context: z.RefinementCtx,
): void {
  if (
    env.NODE_ENV === 'production' &&
    env.RENDERMILL_ALLOW_NETS.length > 0 &&
    !env.RENDERMILL_ALLOW_NETS_IN_PRODUCTION
  ) {
    context.addIssue({
      code: 'custom',
      path: ['RENDERMILL_ALLOW_NETS'],
      message:
        'opens private networks; with NODE_ENV=production set RENDERMILL_ALLOW_NETS_IN_PRODUCTION=yes too, or unset it',
    });
  }
}

/** Thrown where the configuration cannot be used; its message names every fault and is meant for a person. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(
      `Rendermill cannot start with this configuration:\n${faults.map((fault) => `  - ${fault}`).join('\n')}\nSee docs/configuration.md.`,
    );
    this.name = 'ConfigError';
  }
}

// Prefixes under which every key is ours, so that a misspelt one is an error and not a default.
const ours = /^(RENDERMILL_|S3_|REDIS_|STORAGE_|WORKER_|SYNC_WAIT_|URL_TTL_|MAX_PAID_|RETENTION_|SHUTDOWN_)/;
// Read by clients (`npm start` says to export them), the demo or the test runner.
const elsewhere = new Set([
  'RENDERMILL_URL',
  'RENDERMILL_API_KEY',
  'RENDERMILL_DEMO_SPEND',
  'S3_TEST_ENDPOINT',
  'S3_TEST_ACCESS_KEY',
  'S3_TEST_SECRET_KEY',
]);

const linkName = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
/**
 * What Kubernetes and Docker's links set in a container for each service beside it: beside a service called `redis` there are
 * REDIS_SERVICE_HOST and REDIS_PORT=tcp://…. Nobody has written them, so they are no misspelt keys, and no keys of ours.
 */
const isServiceLink = (name: string, value: string | undefined): boolean =>
  linkName.test(name) || (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value ?? ''));

function parse<T extends z.ZodType>(schema: T, keys: object, environment: NodeJS.ProcessEnv): z.output<T> {
  const source = Object.fromEntries(Object.entries(environment).filter(([name, value]) => !isServiceLink(name, value)));
  const known = new Set([...Object.keys(apiKeys), ...Object.keys(workerKeys)]);
  const faults: string[] = [];
  for (const name of Object.keys(source)) {
    if (ours.test(name) && !known.has(name) && !elsewhere.has(name))
      faults.push(`${name} is not a key that Rendermill knows`);
  }
  // An empty value is an unset one: compose files and CI write `KEY=`.
  const given = Object.fromEntries(Object.keys(keys).flatMap((name) => (source[name] ? [[name, source[name]]] : [])));
  const result = schema.safeParse(given);
  if (!result.success) {
    for (const issue of result.error.issues) {
      const name = String(issue.path[0] ?? '');
      faults.push(given[name] === undefined ? `${name} is required` : `${name} ${issue.message}`);
    }
  }
  if (faults.length > 0 || !result.success) throw new ConfigError(faults);
  return Object.freeze(result.data) as z.output<T>;
}

export function parseApiEnv(source: NodeJS.ProcessEnv): ApiEnv {
  return parse(apiSchema, apiKeys, source);
}

export function parseWorkerEnv(source: NodeJS.ProcessEnv): WorkerEnv {
  return parse(workerSchema, workerKeys, source);
}

const secretNames = /KEY$|SECRET$|SECRET_PREVIOUS$|_URL$/;

/** The environment for the start-up log line: secrets as `configured: true`, addresses without their credentials. */
export function safeSummary(env: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => {
      if (value === undefined) return [];
      if (!secretNames.test(name) || name === 'STORAGE_URL' || name === 'RENDERMILL_PUBLIC_URL') return [[name, value]];
      return [[`${name}_configured`, true]];
    }),
  );
}
