import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { createBatch, endedBatch, line } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { rendermillOf, type Rendermill } from './run.js';

/** Single jobs and lines by the command line: found, watched, run again. */

let world: World;
let rendermill: Rendermill;
beforeAll(async () => {
  world = await createWorld({ account: { limits: { concurrency: 1 } } });
  rendermill = await rendermillOf(world);
});
afterAll(async () => {
  await world.close();
  await rm(rendermill.folder, { recursive: true });
});
beforeEach(async () => world.simulator.faults([]));

const charged = async (): Promise<number> => (await world.simulator.stats()).charged;
const blocked = async (words: string): Promise<void> =>
  world.simulator.faults([{ when: { promptIncludes: words }, fault: { kind: 'moderation_blocked' } }]);
const held = async (words: string): Promise<void> =>
  world.simulator.faults([{ when: { promptIncludes: words }, fault: { kind: 'hang_before_headers' } }]);
const release = async (): Promise<void> => {
  await world.simulator.faults([]);
  await world.simulator.release();
};
const low = { model: 'gpt-image-1', quality: 'low', size: '1024x1024' };

describe('watch', () => {
  test('tells a job’s state as it changes, and at the end what it came to', async () => {
    await held('watched');
    const { id } = await world.submit({ ...low, prompt: 'watched', n: 2 });
    const watching = rendermill.start(['watch', id]);
    await until(() => watching.soFar.err.includes('in_progress  0/2 pictures'));
    await release();
    const { code, out, err } = await watching.ended;
    expect([code, out]).toEqual([0, expect.stringMatching(new RegExp(`^${id} completed, \\$0\\.\\d+\\n$`))]);
    expect(err).toContain(`rendermill download ${id}`);
  });

  test('tells what an attempt came to', async () => {
    // The only place is taken, so that the watched job waits until it is watched.
    await world.simulator.faults([
      { when: { promptIncludes: 'first' }, fault: { kind: 'hang_before_headers' } },
      { when: { promptIncludes: 'second' }, fault: { kind: 'moderation_blocked' } },
    ]);
    const first = await world.submit({ ...low, prompt: 'first' });
    await until(async () => (await world.simulator.stats()).held === 1);
    const { id } = await world.submit({ ...low, prompt: 'second' });
    const watching = rendermill.start(['watch', id]);
    await until(() => watching.soFar.err.includes('queued …'));
    await world.simulator.release();
    const { code, out, err } = await watching.ended;
    expect([code, out]).toEqual([5, expect.stringContaining(`${id} failed, `)]);
    expect(err).toContain('attempt 1 at sim: rejected, moderation_blocked: ');
    await world.ended(first.id);
  });

  test('Ctrl-C leaves the job running and says how to look again', async () => {
    await held('left');
    const { id } = await world.submit({ ...low, prompt: 'left' });
    const watching = rendermill.start(['watch', id]);
    await until(() => watching.soFar.err.includes('in_progress'));
    watching.child.kill('SIGINT');
    expect(await watching.ended).toMatchObject({ code: 130, err: expect.stringContaining(`rendermill watch ${id}`) });
    expect((await world.call<PresentedJob>('GET', `/v1/jobs/${id}`)).body.status).toBe('in_progress');
    await release();
    await world.ended(id);
  });
});

describe('retry of a job', () => {
  test('tells its price, spends nothing without a yes, and waits with --watch', async () => {
    await blocked('again');
    const { id } = await world.submit({ ...low, prompt: 'again', n: 2 });
    const { cost } = await world.ended(id);
    const before = await charged();
    const asked = await rendermill(['retry', id]);
    expect([asked.code, asked.out]).toEqual([3, '']);
    expect(asked.err).toContain(`This makes 2 pictures again: about $${cost.estimated?.toFixed(4)}.`);
    expect(await charged()).toBe(before);
    await held('again');
    const watching = rendermill.start(['retry', id, '--yes', '--watch']);
    await until(() => watching.soFar.err.includes('in_progress'));
    expect(watching.soFar.code).toBeNull();
    await release();
    const { code, out } = await watching.ended;
    expect([code, out]).toEqual([0, expect.stringContaining(`${id} completed, `)]);
  });

  test('that has all of its pictures, or runs, asks for nothing', async () => {
    const done = await world.submit({ ...low, prompt: 'done' });
    await world.ended(done.id);
    expect(await rendermill(['retry', done.id, '--yes'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('has all of its pictures'),
    });
    await held('runs');
    const running = await world.submit({ ...low, prompt: 'runs' });
    expect((await rendermill(['retry', running.id, '--yes'])).err).toMatch(/is (queued|in_progress): what has ended/);
    await release();
    await world.ended(running.id);
  });
});

describe('of a batch', () => {
  let id: string;
  let blockedLines: string;
  beforeAll(async () => {
    await world.simulator.faults([{ when: { promptIncludes: 'forbidden' }, fault: { kind: 'moderation_blocked' } }]);
    const requests = ['gpt-image-1', 'gpt-image-2'].flatMap((model) =>
      ['fine', 'forbidden'].map((name) => line(`${name} ${model}`, { model, prompt: name })),
    );
    ({ id } = await createBatch(world, { requests }));
    await endedBatch(world, id);
    blockedLines = 'moderation_blocked';
  });

  const found = async (...args: string[]): Promise<(string | null)[]> => {
    const { out } = await rendermill(['jobs', '--batch', id, ...args, '--json']);
    return (JSON.parse(out) as { data: PresentedJob[] }).data.map(({ custom_id }) => custom_id);
  };

  test('jobs picks lines by name, model, reason, and all of them together', async () => {
    expect(await found('--model', 'gpt-image-2')).toEqual(['fine gpt-image-2', 'forbidden gpt-image-2']);
    expect(await found('--custom-id', 'fine gpt-image-1')).toEqual(['fine gpt-image-1']);
    expect(await found('--error-code', blockedLines)).toEqual(['forbidden gpt-image-1', 'forbidden gpt-image-2']);
    expect(await found('--error-code', blockedLines, '--model', 'gpt-image-2')).toEqual(['forbidden gpt-image-2']);
    expect(await found('--error-code', blockedLines, '--custom-id', 'fine gpt-image-1')).toEqual([]);
  });

  test('a list that is cut off says so, and one that is whole does not', async () => {
    const { out, err } = await rendermill(['jobs', '--batch', id, '--limit', '3']);
    expect([out.trim().split('\n').length, err]).toEqual([
      4,
      'There are more than these 3; --limit N shows N of them.\n',
    ]);
    expect((await rendermill(['jobs', '--batch', id, '--limit', '4'])).err).toBe('');
    await createBatch(world, { requests: [line('one', { prompt: 'one' })] }).then(async (one) =>
      endedBatch(world, one.id),
    );
    const latest = await rendermill(['status', '--limit', '1']);
    expect([latest.out.trim().split('\n').length, latest.err]).toEqual([
      2,
      expect.stringContaining('more than these 1'),
    ]);
    for (const name of ['a', 'b']) await rendermill(['keys', 'create', name]);
    expect((await rendermill(['keys', 'list', '--limit', '1'])).err).toContain('more than these 1');
    expect((await rendermill(['keys', 'list'])).err).toBe('');
    for (const name of ['a', 'b'])
      await world.call('POST', '/v1/webhook_endpoints', {
        name,
        url: `${world.receiver.url}/${name}`,
        event_types: ['job.completed'],
      });
    expect((await rendermill(['webhooks', 'log', '--limit', '1'])).err).toContain('more than these 1');
  });

  test('retry tells how many lines failed for this reason, and knows the reasons that there are', async () => {
    const { code, err } = await rendermill(['retry', id, '--error-code', blockedLines]);
    expect([code, err]).toEqual([3, expect.stringMatching(/^This runs 2 lines again: about \$0\.\d+\.$/m)]);
    const none = await rendermill(['retry', id, '--error-code', 'worker_crash', '--yes']);
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringContaining('failed with worker_crash; there is moderation'),
    ]);
    const { body } = await world.call<{ data: { id: string }[] }>('GET', `/v1/batches/${id}/jobs`);
    const ofLine = await rendermill(['retry', body.data[0]?.id ?? '', '--yes']);
    expect([ofLine.code, ofLine.err]).toEqual([2, expect.stringContaining(`rendermill retry ${id}`)]);
  });

  test('what its max_cost held back is told with what lets it run', async () => {
    const requests = [line('dear', { prompt: 'dear' })];
    const poor = await createBatch(world, { requests, max_cost: 0.000_001 });
    const { code, err } = await rendermill(['watch', poor.id]);
    expect(code).toBe(5);
    expect(err).toContain(`rendermill retry ${poor.id} --error-code budget_exceeded --max-cost USD`);
    // Nothing was begun, so nobody knows by it what it would cost.
    expect((await rendermill(['retry', poor.id])).err).toContain('1 line again, at a price that is not known');
    // Under the maximum that stopped them they would be stopped again.
    const same = await rendermill(['retry', poor.id, '--error-code', 'budget_exceeded', '--yes']);
    expect([same.code, same.err]).toEqual([2, expect.stringContaining('say a new one with --max-cost USD')]);
    const again = await rendermill(['retry', poor.id, '--max-cost', '1', '--yes', '--watch']);
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('1 of 1 line completed')]);
  });
});
