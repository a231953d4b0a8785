import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { createBatch, endedBatch, getBatch, line, upload, type BatchAnswer } from '../../../test/batch-calls.js';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { keysOf, loseRedis, recover, type Ran } from '../../../test/recovering.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Redis is lost in the middle of everything, with the workers killed; the bucket and their disk are all that is left. */

const lines = 700;
/** Positions, from 0, of lines to which something happens; the flush of the first 500 lies before them. */
const places = { hangs: [610, 611, 612], spooled: 620, unclear: 560 };
const promptOf = (i: number): string => {
  if (places.hangs.includes(i)) return `hangs ${i}`;
  if (i === places.unclear) return 'breaks off';
  return `line ${i}`;
};

interface Summary {
  readonly batches: Record<string, number>;
  readonly lines: Record<string, number>;
  readonly jobs: Record<string, number>;
  readonly attempts: Record<string, number>;
  readonly files: Record<string, number>;
  readonly faults: unknown[];
}

let world: World;
const workers: AppProcess[] = [];
const start = async (): Promise<AppProcess> => {
  const worker = await startApp('worker', world.env);
  workers.push(worker);
  return worker;
};
const killWorkers = async (): Promise<void> => {
  await Promise.all(workers.splice(0).map(async (worker) => worker.kill('SIGKILL')));
};
const charges = async (): Promise<Map<string, number>> => {
  const found = new Map<string, number>();
  for (const { charged, prompt } of await world.simulator.ledger())
    if (charged) found.set(prompt ?? '', (found.get(prompt ?? '') ?? 0) + 1);
  return found;
};
const rowsOf = async (id: string | null): Promise<Record<string, unknown>[]> => {
  const { body } = await world.call<string>('GET', `/v1/files/${id}/content`);
  return body
    .trim()
    .split('\n')
    .map((row) => JSON.parse(row) as Record<string, unknown>);
};
/** Lines whose records a batch's parts have. */
const flushedOf = async (id: string): Promise<Set<number>> => {
  const found = new Set<number>();
  for await (const { key } of world.storage.list(`default/batches/${id}/parts/`)) {
    const object = await world.storage.get(key);
    const rows = (await text(object?.body ?? Readable.from([]))).trim().split('\n');
    for (const row of rows) found.add((JSON.parse(row) as { line: number }).line);
  }
  return found;
};
/** As a leader that was replaced leaves it: a part, told to nobody, of records that are in another; and one of no others. */
const repeatPart = async (id: string): Promise<void> => {
  const parts: string[] = [];
  for await (const { key } of world.storage.list(`default/batches/${id}/parts/`)) parts.push(key);
  const object = await world.storage.get(parts[0] ?? '');
  const rows = (await text(object?.body ?? Readable.from([]))).trim().split('\n');
  const put = async (name: string, some: readonly string[]): Promise<void> =>
    world.storage.put(`default/batches/${id}/parts/${name}`, Buffer.from(`${some.join('\n')}\n`), 'application/jsonl');
  await put('1000000000000-prt_before.jsonl', rows.slice(0, 120));
  await put('9000000000000-prt_behind.jsonl', rows.slice(300, 400));
};
/** A file where a folder should be: nothing can be stored there until the answer is called. */
const refuse = async (folder: string): Promise<() => Promise<void>> => {
  await mkdir(join(folder, '..'), { recursive: true });
  await writeFile(folder, '');
  return async () => rm(folder);
};

beforeAll(async () => {
  world = await createWorld({
    worker: false,
    simulator: ['--latency', '20', '--pool', '3k'],
    account: { limits: { concurrency: 10 } },
  });
});
afterAll(async () => {
  await killWorkers();
  await world.close();
});

describe('after the loss of Redis in the middle of a batch', () => {
  let batch: BatchAnswer;
  let small: BatchAnswer;
  let file: string;
  let done: PresentedJob;
  let inFlight: PresentedJob;
  let dry: Ran;
  let keysAfterDry: string[];
  let refused: Ran;
  let again: Ran;
  let summary: Summary;
  let before: Map<string, number>;
  let flushed: Set<number>;
  /** Prompts whose picture lay in the bucket when Redis was lost. */
  const stored = new Set<string>();

  beforeAll(async () => {
    await world.simulator.faults([
      { when: { promptIncludes: 'hangs' }, times: 4, fault: { kind: 'hang_before_headers' } },
      { when: { promptIncludes: 'breaks off' }, fault: { kind: 'reset_in_body', afterBytes: 40 } },
    ]);
    const first = await start();
    await start();
    file = await upload(world, 'kept', 'notes.txt', 'user_data');
    done = await world.ended((await world.submit({ prompt: 'a mug', custom_id: 'mug', metadata: { a: 'b' } })).id);
    small = await endedBatch(world, (await createBatch(world, { requests: [line('one', { prompt: 'small' })] })).id);
    inFlight = await world.submit({ prompt: 'hangs alone', webhook_url: world.receiver.url });
    await until(async () => (await world.simulator.stats()).held === 1);

    const requests = Array.from({ length: lines }, (_, i) =>
      line(`l${i}`, i % 50 === 49 ? { prompt: promptOf(i), size: '7x7' } : { prompt: promptOf(i) }),
    );
    // Until it is submitted its folder has no name.
    batch = await createBatch(world, { requests, webhook_url: world.receiver.url });
    const images = join(world.dir, 'store', 'default', 'batches', batch.id, 'images');
    const allow = await refuse(join(images, String(places.spooled + 1).padStart(7, '0')));
    const counted = async (): Promise<number> => {
      const { completed, failed } = (await getBatch(world, batch.id)).request_counts;
      return completed + failed;
    };
    await until(async () => (await counted()) >= 640 && (await world.simulator.stats()).held === 4);
    await until(() => workers.some(({ log }) => log.join('').includes('storage.waiting')));
    await until(async () => (await charges()).get('breaks off') === 2);
    expect(first.child.exitCode).toBeNull();
    await killWorkers();
    await loseRedis(world);
    await allow();
    flushed = await flushedOf(batch.id);
    await repeatPart(batch.id);
    before = await charges();
    for await (const { key } of world.storage.list(`default/batches/${batch.id}/images/`)) {
      const number = Number(/images\/(\d+)\//.exec(key)?.[1]);
      stored.add(promptOf(number - 1));
    }

    dry = await recover(world, '--dry-run', '--json');
    keysAfterDry = await keysOf(world);
    const recovered = await recover(world, '--json');
    expect(recovered).toMatchObject({ code: 0 });
    summary = JSON.parse(recovered.out) as Summary;
    refused = await recover(world);
    again = await recover(world, '--merge', '--json');
    await world.simulator.release();
    await Promise.all([start(), start()]);
    batch = await endedBatch(world, batch.id);
  }, 240_000);

  test('a dry run says the same, and writes nothing', () => {
    expect(keysAfterDry).toEqual([]);
    expect({ ...(JSON.parse(dry.out) as Summary), dry_run: false }).toEqual(summary);
  });

  test('what is there is counted: records, pictures without one, what was paid or in flight, and what is left', () => {
    expect(summary.batches).toMatchObject({ running: 1, ended: 1, kept: 0 });
    expect(summary.faults).toEqual([]);
    const { done: recorded = 0, rebuilt = 0, resumed = 0, left = 0 } = summary.lines;
    // One line is of the batch that had ended.
    expect(recorded + rebuilt + resumed + left).toBe(lines + 1);
    expect(recorded).toBe(flushed.size + 1);
    // A full part, or on a busy machine what there was after a while.
    expect(flushed.size).toBeGreaterThan(300);
    expect(rebuilt).toBeGreaterThan(50);
    // Three in flight, one in the spool, one that was bought twice for nothing; the kill may have caught more.
    expect(resumed).toBeGreaterThanOrEqual(5);
    expect(summary.attempts['unknown']).toBeGreaterThanOrEqual(6);
    expect(summary.jobs).toEqual({ ended: 1, resumed: 1, kept: 0, past: 0 });
    expect(summary.files).toMatchObject({ kept: 0, expired: 0 });
    expect(summary.files['restored']).toBe(2);
  });

  test('a Redis that has state is refused, and with --merge keeps what it has', () => {
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('--merge');
    expect(JSON.parse(again.out)).toMatchObject({ batches: { kept: 2, running: 0 }, jobs: { kept: 2, resumed: 0 } });
  });

  test('the batch completes, with every line once in output or error file', async () => {
    const bad = lines / 50 + 1;
    expect(batch).toMatchObject({
      status: 'completed',
      request_counts: { total: lines, completed: lines - bad, failed: bad, cancelled: 0 },
    });
    const output = await rowsOf(batch.output_file_id);
    const errors = await rowsOf(batch.error_file_id);
    expect([output.length, errors.length]).toEqual([lines - bad, bad]);
    expect(new Set([...output, ...errors].map(({ custom_id }) => custom_id)).size).toBe(lines);
  });

  test('nothing that was stored is rendered again, and every charge is within the cap', async () => {
    const after = await charges();
    expect(stored.size).toBeGreaterThan(500);
    for (const prompt of stored) expect([prompt, after.get(prompt)]).toEqual([prompt, before.get(prompt)]);
    for (const [prompt, times] of after) expect([prompt, times <= 2]).toEqual([prompt, true]);
  });

  test('what was in flight is counted as unknown, and bought once more', async () => {
    for (const place of places.hangs) {
      const { body } = await world.call<{ data: PresentedJob[] }>('GET', `/v1/jobs?custom_id=l${place}`);
      const job = body.data[0] ?? (await lineJob(place));
      expect(job).toMatchObject({ status: 'completed', attempts: [{ outcome: 'unknown' }, { outcome: 'billed' }] });
    }
  });

  test('what was bought twice for nothing is not bought again', async () => {
    expect(before.get('breaks off')).toBe(2);
    expect((await charges()).get('breaks off')).toBe(2);
    expect(await lineJob(places.unclear)).toMatchObject({ status: 'failed', error: { code: 'outcome_unknown' } });
  });

  test('a paid picture in a spool is stored, not bought again', async () => {
    const job = await lineJob(places.spooled);
    expect(job).toMatchObject({ status: 'completed', attempts: [{ outcome: 'billed' }] });
    expect((await charges()).get(promptOf(places.spooled))).toBe(1);
  });

  test('its books add up to what its lines cost', async () => {
    const { body } = await world.call<string>('GET', `/v1/batches/${batch.id}/results`);
    const rows = body.trim().split('\n');
    expect(rows).toHaveLength(lines);
    let spent = 0;
    let told = 0;
    for (let after = ''; told < lines;) {
      const path = `/v1/batches/${batch.id}/jobs?limit=100${after && `&after=${after}`}`;
      const page = await world.call<{ data: PresentedJob[]; last_id: string }>('GET', path);
      for (const job of page.body.data) spent += job.cost.actual ?? 0;
      expect(page.body.data.length).toBeGreaterThan(0);
      told += page.body.data.length;
      after = page.body.last_id;
    }
    expect(batch.cost.actual).toBeCloseTo(spent, 5);
  });

  test('its end is told once', async () => {
    const completions = () =>
      world.receiver.received.filter(({ event }) => event.data['id'] === batch.id && event.type === 'batch.completed');
    await until(() => completions().length > 0);
    expect(completions()).toHaveLength(1);
  });

  test('a single job that had ended is in its lists, and its link works', async () => {
    const { body } = await world.call<{ data: PresentedJob[] }>('GET', '/v1/jobs?custom_id=mug');
    const [job] = body.data;
    const known = (one: PresentedJob | undefined) => ({
      ...one,
      images: one?.images.map(({ key, sha256 }) => ({ key, sha256 })),
    });
    expect(known(job)).toEqual(known(done));
    const answer = await fetch((job?.images[0] as { url?: string } | undefined)?.url ?? '');
    expect(answer.status).toBe(200);
  });

  test('a single job that was in flight goes on, counted, and tells its end', async () => {
    const job = await world.ended(inFlight.id);
    expect(job).toMatchObject({ status: 'completed', attempts: [{ outcome: 'unknown' }, { outcome: 'billed' }] });
    await world.receiver.waitFor(1, ({ event }) => event.data['id'] === inFlight.id);
  });

  test('files are there: what was uploaded, and what an ended batch has made', async () => {
    expect((await world.call('GET', `/v1/files/${file}`)).body).toMatchObject({ filename: 'notes.txt', bytes: 4 });
    expect(await getBatch(world, small.id)).toEqual(small);
    expect(await rowsOf(small.output_file_id)).toMatchObject([{ custom_id: 'one', error: null }]);
  });

  async function lineJob(place: number): Promise<PresentedJob | undefined> {
    const id = `job_${batch.id.slice('batch_'.length)}-${place + 1}`;
    return (await world.call<PresentedJob>('GET', `/v1/jobs/${id}`)).body;
  }
});
