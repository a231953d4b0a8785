import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { createWorld, type World } from '../world.js';
import { rows as table, type Row } from './outside-rows.js';
import { promptOf, startOutsideServer, type OutsideServer } from './outside-server.js';
import { picture, sha } from './support.js';

/**
 * Every preset through every fault, at a provider simulator that this project did not write. Each row of each
 * preset has an account of its own, so that a pause or a circuit of one is nothing to the others; all jobs run at once.
 */
const presets = ['openai', 'apiyi', 'laozhang', 'cometapi', 'tuzi', 'bianxie', 'openai-compatible'];
const made = await picture(64);
const rows = table(`data:image/png;base64,${made.toString('base64')}`);
const cap = 2;
/** For the slowest row, beside whatever else a machine does. */
const patienceMs = 120_000;

interface UsageGroup {
  readonly provider: string;
  readonly requests: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

const servers = new Map<string, OutsideServer>();
const jobs = new Map<string, Promise<PresentedJob>>();
let world: World;
const accountOf = (preset: string, row: Row): string => `${preset}-${rows.indexOf(row)}`;
const callsOf = (preset: string, row: Row) => servers.get(preset)?.callsOf(row) ?? [];

beforeAll(async () => {
  for (const preset of presets) servers.set(preset, await startOutsideServer(rows, made));
  const providers = presets.flatMap((preset) =>
    rows.map((row) => ({
      id: accountOf(preset, row),
      preset,
      api_key: '${TEST_PROVIDER_KEY}',
      base_url: servers.get(preset)?.urlOf(row),
      ...row.account,
    })),
  );
  world = await createWorld({ config: { providers }, env: { WORKER_CONCURRENCY: '300', MAX_PAID_ATTEMPTS: `${cap}` } });
  const submit = async (preset: string, row: Row): Promise<void> => {
    const provider = accountOf(preset, row);
    const job = await world.submit({ model: 'gpt-image-1', prompt: promptOf(row), provider, ...row.job });
    jobs.set(provider, world.ended(job.id));
  };
  // A row of all presets at a time.
  for (const row of rows) await Promise.all(presets.map(async (preset) => submit(preset, row)));
}, patienceMs);
afterAll(async () => {
  await world.close();
  await Promise.all([...servers.values()].map(async (server) => server.close()));
}, patienceMs);

describe.each(presets)('preset %s', (preset) => {
  test.each(rows.map((row) => [row.name, row] as const))(
    '%s',
    async (_name, row) => {
      const job = await jobs.get(accountOf(preset, row));
      expect({
        status: job?.status,
        code: job?.error?.code,
        outcomes: job?.attempts.map(({ outcome }) => outcome),
      }).toEqual({
        status: row.code === undefined ? 'completed' : 'failed',
        code: row.code,
        outcomes: row.outcomes,
      });
      expect(job?.images.map(({ sha256 }) => sha256)).toEqual(row.code === undefined ? [sha(made)] : []);
      const calls = callsOf(preset, row);
      const wanted = row.job?.['type'] === 'edit' ? '/v1/images/edits' : '/v1/images/generations';
      expect(calls.map(({ path }) => path)).toEqual(calls.map(() => wanted));
      // Every call that arrived is named, none else; every charge is counted, and there are no more than we may cause.
      expect(job?.attempts).toHaveLength(calls.length);
      const charges = row.free ? 0 : calls.filter(({ response }) => response.status === 200).length;
      expect(job?.paid_attempts).toBe(charges);
      expect(charges).toBeLessThanOrEqual(cap);
      if (row.pauseMs !== undefined) {
        const [first, second] = calls.map(({ timestamp }) => timestamp);
        expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(row.pauseMs);
      }
    },
    patienceMs,
  );
});

test(
  'the usage report names every call of every account, and its outcome',
  async () => {
    await Promise.all(jobs.values());
    const { body } = await world.call<{ data: UsageGroup[] }>('GET', '/v1/usage?group_by=provider');
    const ours = body.data.map(({ provider, requests, outcomes }) => [provider, requests, outcomes]);
    const theirs = presets.flatMap((preset) =>
      rows.map((row) => {
        const count = (wanted: string): number => row.outcomes.filter((outcome) => outcome === wanted).length;
        const outcomes = {
          not_sent: 0,
          rejected: count('rejected'),
          billed: count('billed'),
          unknown: count('unknown'),
        };
        return [accountOf(preset, row), callsOf(preset, row).length, outcomes];
      }),
    );
    expect(new Map(ours.map(([id, ...figures]) => [id, figures]))).toEqual(
      new Map(theirs.map(([id, ...figures]) => [id, figures])),
    );
  },
  patienceMs,
);
