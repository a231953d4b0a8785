import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { simulatorAccountId, type Account } from '../domain/accounts.js';
import { accountPrices, priceTable } from '../domain/prices.js';
import { presets } from '../domain/presets/index.js';
import { operationFeatures } from '../domain/profile.js';
import { parameterNames } from '../domain/parameters.js';
import { presetIds, type Preset } from '../domain/presets/preset.js';
import { preferences, type Preference } from '../domain/routing-class.js';
import { webhookSchedule } from '../domain/backoff.js';
import { disableAfterSeconds } from '../domain/webhook-endpoints.js';
import { limitFaults, limitsSchema, mergeLimits } from './account-limits.js';
import { ConfigError } from './env.js';

/** The configuration file (RENDERMILL_CONFIG), and the provider accounts it and the environment make. */
const accountSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,64}$/, 'must have 1 to 64 of a-z 0-9 -'),
  preset: z.enum(presetIds),
  base_url: z.url().optional(),
  api_key: z.string().min(1).optional(),
  models: z.record(z.string(), z.string()).optional(),
  limits: limitsSchema.optional(),
  priority: z.int().min(0).max(1_000).default(0),
  weight: z.int().min(1).max(1_000).default(1),
  timeout_ms: z.int().min(1_000).max(3_600_000).optional(),
  prices: priceTable.nullish(),
  accepts: z.partialRecord(z.enum([...operationFeatures, ...parameterNames]), z.boolean()).default({}),
  enabled: z.boolean().default(true),
});

const fileSchema = z.strictObject({
  providers: z.array(accountSchema).default([]),
  routing: z.strictObject({ prefer: z.enum(preferences).default('priority') }).prefault({}),
  usd_per: z.record(z.string().regex(/^[A-Z]{3}$/), z.number().positive()).default({}),
  webhook_schedule_seconds: z
    .array(z.number().min(0))
    .min(1)
    .max(50)
    .default([...webhookSchedule]),
  webhook_disable_after_seconds: z.number().min(0).default(disableAfterSeconds),
});

/** What the configuration file says, after its defaults and with the accounts of the environment. */
export interface Configuration {
  readonly accounts: readonly Account[];
  /** What decides between accounts that could serve a job. */
  readonly prefer: Preference;
  readonly webhookSchedule: readonly number[];
  /** An endpoint that takes nothing for so long is disabled. */
  readonly webhookDisableAfterMs: number;
}

const reference = /^\$\{[A-Z0-9_]+\}$/;

function substitute(text: string, env: NodeJS.ProcessEnv, faults: string[]): string {
  return text.replaceAll(/\$\{([A-Z0-9_]+)\}/g, (_, name: string) => {
    const value = env[name];
    if (!value) faults.push(`RENDERMILL_CONFIG uses \${${name}}, which is not set`);
    return value ?? '';
  });
}

function givenBase({ baseUrl, baseUrlKey }: Preset, env: NodeJS.ProcessEnv): string | null {
  return (baseUrlKey === null ? undefined : env[baseUrlKey]) || baseUrl;
}

function account(
  row: z.output<typeof accountSchema>,
  rates: Record<string, number>,
  env: NodeJS.ProcessEnv,
  faults: string[],
): Account {
  const preset = presets[row.preset];
  // Files are copied, mounted and committed.
  if (row.api_key && !reference.test(row.api_key))
    faults.push(
      `provider ${row.id}: api_key stands in the file itself: put it into the environment, and write "\${ITS_NAME}" here`,
    );
  const apiKey = row.api_key ? substitute(row.api_key, env, faults) : preset.envKey ? env[preset.envKey] : undefined;
  const baseUrl = row.base_url ? substitute(row.base_url, env, faults) : givenBase(preset, env);
  if (!baseUrl && preset.id !== 'simulator')
    faults.push(`provider ${row.id}: base_url is required for preset ${preset.id}`);
  const limits = mergeLimits(preset, row.limits);
  const models = row.models ?? preset.models;
  faults.push(...limitFaults(row.id, limits, (model) => models === 'any' || Object.hasOwn(models, model)));
  if (!apiKey && preset.envKey)
    faults.push(`provider ${row.id}: api_key is required, or ${preset.envKey} in the environment`);
  return {
    id: row.id,
    preset,
    baseUrl: (baseUrl ?? '').replace(/\/+$/, ''),
    apiKey: apiKey ?? '',
    models,
    limits,
    modes: ['live'],
    priority: row.priority,
    weight: row.weight,
    timeoutMs: row.timeout_ms ?? preset.timeoutMs,
    prices: accountPrices([preset.prices, row.prices], rates),
    accepts: row.accepts,
    findings: {},
  };
}

/** Reads the file named by RENDERMILL_CONFIG, or uses its defaults. Throws {@link ConfigError} with every fault. */
export function loadConfiguration(env: NodeJS.ProcessEnv): Configuration {
  const faults: string[] = [];
  const file = fileSchema.safeParse(readFile(env['RENDERMILL_CONFIG'], faults));
  if (!file.success) {
    faults.push(
      ...file.error.issues.map((issue) => `RENDERMILL_CONFIG: ${issue.path.join('.') || 'the file'}: ${issue.message}`),
    );
    throw new ConfigError(faults);
  }
  const { providers, routing, usd_per: rates } = file.data;
  const seen = new Set<string>();
  for (const { id } of providers) {
    if (seen.has(id)) faults.push(`RENDERMILL_CONFIG: two providers have the id ${id}`);
    if (id === simulatorAccountId) faults.push(`RENDERMILL_CONFIG: the id ${id} is the built-in simulator's`);
    seen.add(id);
  }
  const accounts = providers.filter((row) => row.enabled).map((row) => account(row, rates, env, faults));
  for (const preset of Object.values(presets)) {
    const takenByFile = providers.some((row) => row.preset === preset.id || row.id === preset.id);
    if (!preset.envKey || !env[preset.envKey] || takenByFile) continue;
    accounts.push(account(accountSchema.parse({ id: preset.id, preset: preset.id }), rates, env, faults));
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return {
    accounts: withSimulator(accounts),
    prefer: routing.prefer,
    webhookSchedule: file.data.webhook_schedule_seconds,
    webhookDisableAfterMs: file.data.webhook_disable_after_seconds * 1_000,
  };
}

function readFile(path: string | undefined, faults: string[]): unknown {
  if (!path) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    faults.push(
      `RENDERMILL_CONFIG: ${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
    return {};
  }
}

/** The built-in simulator serves test keys always, and live ones where nothing else is configured. */
function withSimulator(accounts: Account[]): Account[] {
  const faults: string[] = [];
  const builtIn = account(
    accountSchema.parse({ id: simulatorAccountId, preset: 'simulator', priority: 1_000 }),
    {},
    {},
    faults,
  );
  return [...accounts, { ...builtIn, modes: accounts.length === 0 ? ['live', 'test'] : ['test'] }];
}
