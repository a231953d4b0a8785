import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { attemptKey, Journal, readJournal, type JournalIntent } from '@rendermill/shared/adapters/spool/journal';

let folder: string;
let journal: Journal;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rm-journal-'));
  journal = await Journal.create(folder, (error) => {
    throw error;
  });
});
afterEach(async () => {
  await journal.end();
  await rm(folder, { recursive: true });
});

function intent(number: number): JournalIntent {
  const key = attemptKey('job_A', 1, number);
  const fields = {
    job: 'job_A',
    generation: 1,
    call: 0,
    indexes: [0],
    provider: 'p',
    model: 'm',
    worker: 'w',
    fence: 1,
    started_at: 1,
    timeout_ms: 1,
    ignored_parameters: [],
  };
  return { kind: 'intent', key, number, intent: fields };
}
const settled = (number: number) =>
  ({
    kind: 'settled',
    key: attemptKey('job_A', 1, number),
    settlement: {
      outcome: 'billed',
      ended_at: 2,
      http_status: 200,
      request_id: null,
      error: null,
      cost: 1,
      cost_basis: null,
      usage: null,
      effective: {},
    },
    checkpoint: null,
  }) as const;

describe('a journal', () => {
  test('tells the next process which attempts are open, and what is known of each', async () => {
    await Promise.all([1, 2, 3].map(async (number) => journal.append(intent(number))));
    await journal.append(settled(2));
    await journal.append(settled(3));
    journal.close(attemptKey('job_A', 1, 3));
    expect(journal.open.size).toBe(2);
    // An end goes with the next record.
    await journal.append(settled(2));
    const { attempts: open } = await readJournal(folder);
    expect([...open.keys()]).toEqual(['job_A.1.1', 'job_A.1.2']);
    expect([...open.values()].map(({ settled: known }) => known?.settlement.outcome)).toEqual([undefined, 'billed']);
  });

  test('whose last line was cut by a crash is read without it: it was never acknowledged', async () => {
    await journal.append(intent(1));
    await appendFile(join(folder, 'journal.ndjson'), '{"kind":"intent","key":"job_A.1.2"');
    expect([...(await readJournal(folder)).attempts.keys()]).toEqual(['job_A.1.1']);
  });

  test('with a line that cannot be read tells the others, and how many it could not', async () => {
    await journal.append(intent(1));
    await appendFile(join(folder, 'journal.ndjson'), '{"kind":"int{"kind":\n');
    await journal.append(intent(2));
    const { attempts, unreadable } = await readJournal(folder);
    expect([[...attempts.keys()], unreadable]).toEqual([['job_A.1.1', 'job_A.1.2'], 1]);
  });

  test('stays small however many attempts pass through, and loses no open one', async () => {
    await journal.append(intent(0));
    for (let number = 1; number <= 4_000; number++) {
      await journal.append(intent(number));
      journal.close(attemptKey('job_A', 1, number));
    }
    expect((await stat(join(folder, 'journal.ndjson'))).size).toBeLessThan(1_300_000);
    await journal.append(settled(0));
    expect([...(await readJournal(folder)).attempts.keys()]).toEqual(['job_A.1.0']);
    expect((await readFile(join(folder, 'journal.ndjson'), 'utf8')).trimEnd().split('\n').at(-1)).toContain(
      '"settled"',
    );
  });

  test('of a worker that died while making its folder is an empty one', async () => {
    expect(await readJournal(join(folder, 'nowhere'))).toEqual({ attempts: new Map(), unreadable: 0 });
  });
});
