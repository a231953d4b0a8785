import { parseArgs, type ParseArgsConfig } from 'node:util';
import { readFileSync } from 'node:fs';
import { ruleList, type FaultRule } from './faults/rules.js';
import type { Latency, SimulatorOptions } from './options.js';

/** The command line as options of `startSimulator`. */

const flags = {
  host: { type: 'string' },
  port: { type: 'string' },
  'api-key': { type: 'string', multiple: true },
  latency: { type: 'string' },
  concurrency: { type: 'string' },
  rpm: { type: 'string' },
  ipm: { type: 'string' },
  'per-model': { type: 'boolean' },
  'no-retry-after': { type: 'boolean' },
  'no-rate-headers': { type: 'boolean' },
  answers: { type: 'string' },
  'url-ttl': { type: 'string' },
  strict: { type: 'boolean' },
  unknown: { type: 'string', multiple: true },
  dropped: { type: 'string', multiple: true },
  'max-inputs': { type: 'string' },
  pool: { type: 'string' },
  faults: { type: 'string' },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options'];

export const help = `An OpenAI-compatible image provider for tests, demos and benchmarks.

  node packages/simulator/dist/main.js [options]

  --host ADDRESS        address to listen on (127.0.0.1)
  --port NUMBER         port to listen on, 0 for a free one (0)
  --api-key KEY         accept this bearer key; may be repeated (any key)
  --latency MS[-MS]     how long an image takes, e.g. 1500 or 800-4000 (0)
  --concurrency N       requests at the same time, for each key (any number)
  --rpm N               requests within any 60 seconds, for each key (any number)
  --ipm N               images within any 60 seconds, for each key (any number)
  --per-model           these limits for each model of a key by itself
  --no-retry-after      429 answers without Retry-After
  --no-rate-headers     answers without x-ratelimit-*
  --answers STYLE       as-asked, b64_json, url or both (as-asked)
  --url-ttl MS          how long result links work (3600000)
  --strict              refuse what OpenAI refuses
  --unknown NAME        refuse this parameter as unknown, also mask or image[]; may be repeated (none)
  --dropped NAME        drop this parameter without a word; may be repeated (none)
  --max-inputs N        refuse edits of more images (16)
  --pool BYTES[kMG]     images of noise of this length, for benchmarks, e.g. 1.5M
  --faults FILE         JSON file with a list of fault rules
  --seed N              seed of random latencies and faults (1)
  --help                this text
`;

/** A mistake on the command line; its message says which. */
export class UsageError extends Error {}

function number(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new UsageError(`--${flag}: not a number: ${text}`);
  return value;
}

function latency(text: string): Latency {
  const range = /^([\d.]+)-([\d.]+)$/.exec(text);
  if (!range?.[1] || !range[2]) return number('latency', text);
  return { min: number('latency', range[1]), max: number('latency', range[2]) };
}

const units: Record<string, number> = { '': 1, k: 1_000, M: 1_000_000, G: 1_000_000_000 };

function byteCount(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kMG]?)B?$/.exec(text);
  if (!match?.[1]) throw new UsageError(`--pool: not a length: ${text}`);
  return Math.round(Number(match[1]) * (units[match[2] ?? ''] ?? 1));
}

function faults(file: string): FaultRule[] {
  const rules: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return ruleList.parse(rules);
}

const styles = ['as-asked', 'b64_json', 'url', 'both'] as const;

function answers(text: string): (typeof styles)[number] {
  const style = styles.find((name) => name === text);
  if (!style) throw new UsageError(`--answers: one of ${styles.join(', ')}, not ${text}`);
  return style;
}

/** Options, or `help`. Throws a {@link UsageError} for a line that makes no sense. */
export function readCommandLine(args: string[]): SimulatorOptions | 'help' {
  let values;
  try {
    ({ values } = parseArgs({ args, options: flags }));
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  if (values.help) return 'help';
  const { concurrency, rpm, ipm, pool, unknown, dropped } = values;
  const maxInputs = values['max-inputs'];
  return {
    ...(values.host !== undefined && { host: values.host }),
    ...(values.port !== undefined && { port: number('port', values.port) }),
    ...(values['api-key'] && { apiKeys: values['api-key'] }),
    ...(values.latency !== undefined && { latencyMs: latency(values.latency) }),
    limits: {
      ...(concurrency !== undefined && { concurrency: number('concurrency', concurrency) }),
      ...(rpm !== undefined && { requestsPerMinute: number('rpm', rpm) }),
      ...(ipm !== undefined && { imagesPerMinute: number('ipm', ipm) }),
      ...(values['per-model'] && { perModel: true }),
      retryAfter: !values['no-retry-after'],
      headers: !values['no-rate-headers'],
    },
    ...(values.answers !== undefined && { answers: answers(values.answers) }),
    ...(values['url-ttl'] !== undefined && { urlTtlMs: number('url-ttl', values['url-ttl']) }),
    strict: values.strict ? 'openai' : 'lenient',
    ...((unknown ?? dropped ?? maxInputs) !== undefined && {
      dialect: {
        ...(unknown && { unknownParameters: unknown }),
        ...(dropped && { dropped }),
        ...(maxInputs !== undefined && { maxInputs: number('max-inputs', maxInputs) }),
      },
    }),
    ...(pool !== undefined && { images: { pool: { bytes: byteCount(pool) } } }),
    ...(values.faults !== undefined && { faults: faults(values.faults) }),
    ...(values.seed !== undefined && { seed: number('seed', values.seed) }),
  };
}
