import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfiguration, type Configuration } from '@rendermill/shared/config/accounts-file';

/** What the configuration file says, and what it is refused for. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rm-config-'));
});
afterAll(async () => rm(folder, { recursive: true }));

let files = 0;
const load = async (config: unknown): Promise<Configuration> => {
  const file = join(folder, `${files++}.json`);
  await writeFile(file, JSON.stringify(config));
  return loadConfiguration({ RENDERMILL_CONFIG: file, KEY: 'k' });
};
const relay = { id: 'relay', preset: 'apiyi', api_key: '${KEY}' };
const none = {
  requests_per_minute: null,
  burst: null,
  requests_per_day: null,
  images_per_minute: null,
  images_per_month: null,
};

describe('limits of a model', () => {
  test('stand beside the account’s; its calls at once are the account’s where nothing is said', async () => {
    const per_model = { 'gpt-image-1': { images_per_minute: 5 }, 'gpt-image-2': { concurrency: 2 } };
    const { accounts } = await load({ providers: [{ ...relay, limits: { concurrency: 7, per_model } }] });
    expect(accounts[0]?.limits).toEqual({
      ...none,
      concurrency: 7,
      per_model: {
        'gpt-image-1': { ...none, concurrency: 7, images_per_minute: 5 },
        'gpt-image-2': { ...none, concurrency: 2 },
      },
    });
  });
});

test('"routing" prefers priority unless it says otherwise', async () => {
  const routings = [undefined, {}, { prefer: 'cheapest' }];
  const loaded = await Promise.all(routings.map(async (routing) => load({ routing })));
  expect(loaded.map(({ prefer }) => prefer)).toEqual(['priority', 'priority', 'cheapest']);
});
const limits = (per_model: unknown) => ({ providers: [{ ...relay, limits: { per_model } }] });
const prices = (row: unknown) => ({ providers: [{ ...relay, prices: { models: { m: row } } }] });
test.each([
  [
    limits({ 'gpt-image-9': {} }),
    'provider relay: limits.per_model.gpt-image-9: it is not configured to sell that model',
  ],
  [limits({ 'gpt-image-1': { burst: 3 } }), 'limits.per_model.gpt-image-1.burst needs'],
  [limits({ 'gpt-image-1': { rpm: 3 } }), 'providers.0.limits.per_model.gpt-image-1: Unrecognized key'],
  [prices({ currency: 'yuan' }), 'providers.0.prices.models.m.currency: must be three capital letters, such as USD'],
  [prices({ per_token: { text_in: 1 } }), 'providers.0.prices.models.m.per_token.image_in'],
  [{ routing: { prefer: 'fastest' } }, 'routing.prefer: Invalid option: expected one of "priority"|"cheapest"'],
])('%j is refused with its place in the file', async (config, message) => {
  await expect(load(config)).rejects.toThrow(message);
});

test('a provider’s key comes from the environment alone, and is never repeated in a refusal', async () => {
  const file = join(folder, 'literal.json');
  const start = async (api_key: string) => {
    await writeFile(file, JSON.stringify({ providers: [{ ...relay, api_key }] }));
    const env = { RENDERMILL_CONFIG: file, RELAY_KEY: 'sk-secret' };
    return () => loadConfiguration(env).accounts[0]?.apiKey;
  };
  expect((await start('${RELAY_KEY}'))()).toBe('sk-secret');
  const literal = await start('sk-canary');
  expect(literal).toThrow(/provider relay: api_key stands in the file itself/);
  expect(literal).not.toThrow(/sk-canary/);
});
