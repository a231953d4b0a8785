import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../../../test/world.js';

/** Results that a provider leaves at a URL: copied at once, tried again until the link dies, never bought twice. */

let world: World;
beforeAll(async () => {
  world = await createWorld({ simulator: ['--answers', 'url'] });
});
afterAll(async () => world.close());

const run = async (prompt: string) => world.ended((await world.submit({ prompt })).id);
const callsFor = async (prompt: string) => (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt);

describe('a result behind a link', () => {
  test("is copied byte for byte, from the provider's own origin too", async () => {
    const job = await run('by link');
    expect(job).toMatchObject({ status: 'completed', paid_attempts: 1 });
    expect((await callsFor('by link')).map(({ sha256 }) => sha256)).toEqual([[job.images[0]?.sha256]]);
  });

  test.each([
    ['not there yet', { kind: 'link_not_found', fetches: 2 }],
    ['cut in the middle', { kind: 'link_cut', fetches: 2 }],
  ] as const)('that is %s is fetched again, with one charge', async (what, fault) => {
    await world.simulator.faults([{ when: { promptIncludes: what }, fault }]);
    const job = await run(what);
    expect(job).toMatchObject({ status: 'completed', paid_attempts: 1 });
    expect(await callsFor(what)).toHaveLength(1);
    expect(world.logs.filter((line) => line.event === 'result.waiting').length).toBeGreaterThan(0);
  });

  test('that has died fails the job with result_url_expired, paid once and told so', async () => {
    await world.simulator.faults([{ when: { promptIncludes: 'dead link' }, fault: { kind: 'link_expired' } }]);
    const job = await run('dead link');
    expect(job).toMatchObject({
      status: 'failed',
      error: { code: 'result_url_expired' },
      paid_attempts: 1,
      images: [],
    });
    expect(job.cost.actual).toBeGreaterThan(0);
    expect(await callsFor('dead link')).toHaveLength(1);
    const metrics = await world.worker?.deps.metrics.registry.metrics();
    expect(metrics).toMatch(/rendermill_result_urls_expired_total\{app="worker"\} 1/);
  });

  test('never shows in answers, logs or events', async () => {
    const job = await run('secret link');
    const answer = JSON.stringify(job);
    expect(answer).not.toContain('/results/');
    expect(JSON.stringify(world.logs)).not.toContain('/results/');
  });
});
