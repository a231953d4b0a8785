import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createBatch, endedBatch, jsonl, line, lines } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { startCountingWay } from './counting-way.js';
import { openScreen, type Screen } from './screen.js';
import { rendermillOf, type Rendermill } from './run.js';

/** On a terminal: what is asked, drawn and hidden there. */

let world: World;
let rendermill: Rendermill;
beforeAll(async () => {
  world = await createWorld({ account: { limits: { concurrency: 2 } } });
  rendermill = await rendermillOf(world);
});
afterAll(async () => {
  await world.close();
  await rm(rendermill.folder, { recursive: true });
});

const onTerminal = (args: readonly string[], env: Record<string, string> = {}): Screen =>
  openScreen(args, {
    RENDERMILL_URL: world.url,
    RENDERMILL_API_KEY: world.key,
    XDG_CONFIG_HOME: rendermill.folder,
    ...env,
  });

async function input(name: string, count: number, prompt: string): Promise<string> {
  const file = join(rendermill.folder, name);
  await writeFile(file, jsonl(lines(count, prompt)));
  return file;
}
const charged = async (): Promise<number> => (await world.simulator.stats()).charged;

test('what costs money is asked for: no is no', async () => {
  const screen = onTerminal(['submit', await input('no.jsonl', 2, 'no')]);
  await screen.shows('Spend it? [y/N]');
  screen.type('n\r');
  const { code, all } = await screen.ended;
  expect([code, await charged()]).toEqual([3, 0]);
  expect(all).toContain('Nothing was spent.');
});

test('Ctrl-C at the question spends nothing and leaves nothing behind', async () => {
  const screen = onTerminal(['submit', await input('stop.jsonl', 2, 'stop')]);
  await screen.shows('Spend it? [y/N]');
  screen.type('\u0003');
  expect((await screen.ended).code).toBe(130);
  const { body } = await world.call<{ data: unknown[] }>('GET', '/v1/files');
  expect([body.data.length, await charged()]).toEqual([0, 0]);
});

test('yes submits, and a bar is drawn over itself until the batch has ended', async () => {
  const fault = { kind: 'hang_before_headers' } as const;
  await world.simulator.faults([{ when: { promptIncludes: 'yes' }, times: 1, fault }]);
  const screen = onTerminal(['submit', await input('yes.jsonl', 8, 'yes'), '--watch']);
  await screen.shows('Spend it? [y/N]');
  screen.type('y\r');
  await screen.shows(' 87 %');
  await world.simulator.release();
  const { code, all } = await screen.ended;
  expect(code).toBe(0);
  const drawn = all.split('\r\u001b[2K').filter((text) => /^\[#*\.*\] +\d+ %/.test(text));
  expect(drawn.length).toBeGreaterThan(0);
  expect(all).toContain('8 of 8 lines completed');
  // No line is longer than the terminal is wide: it could not be drawn over.
  for (const text of drawn) expect(text.split('\u001b', 1)[0]?.split('\r', 1)[0]?.length).toBeLessThan(100);
});

test('the bar of a download goes by pictures, of which a line may have several', async () => {
  const { id } = await createBatch(world, { requests: [line('four', { prompt: 'four', n: 4 })] });
  await endedBatch(world, id);
  const way = await startCountingWay(world.url);
  try {
    way.next = 'hold';
    const screen = onTerminal(['download', id, join(rendermill.folder, 'four')], { RENDERMILL_URL: way.url });
    await screen.shows('3 pictures');
    expect(screen.soFar()).toContain('[###############.....] 3 pictures');
    way.release();
    const { code, all } = await screen.ended;
    expect([code, all]).toEqual([0, expect.stringContaining('[####################] 4 pictures')]);
  } finally {
    await way.close();
  }
});

test('failures beyond twenty are counted, with how to see them', async () => {
  // The first calls are held while the others wait for their places; those fail, all of them seen.
  await world.simulator.faults([{ when: { promptIncludes: 'many' }, fault: { kind: 'hang_before_headers' } }]);
  const { id } = await createBatch(world, { requests: lines(30, 'many') });
  await until(async () => (await world.simulator.stats()).held === 2);
  const screen = onTerminal(['watch', id]);
  const piped = rendermill.start(['watch', id]);
  await screen.shows('0/30');
  await until(() => piped.soFar.err.includes('0/30'));
  await world.simulator.faults([{ when: { promptIncludes: 'many' }, fault: { kind: 'moderation_blocked' } }]);
  await world.simulator.release();
  const { code, all } = await screen.ended;
  expect([code, all.match(/failed: line \d+ /g)?.length]).toEqual([5, 20]);
  expect(all).toContain(`… and 8 more: rendermill jobs --batch ${id} --status failed --limit 28`);
  // A pipe gets each.
  const { err } = await piped.ended;
  expect(err.match(/^failed: line \d+ /gm)?.length).toBe(28);
  expect(err).not.toContain('more: rendermill jobs');
});

test('a key that is typed is not shown', async () => {
  const screen = onTerminal(['login', world.url], { RENDERMILL_API_KEY: '' });
  await screen.shows('API key for');
  screen.type(`${world.key}\r`);
  const { code, all } = await screen.ended;
  expect({ code, all }).toMatchObject({ code: 0, all: expect.stringContaining('takes the key') });
  expect(all).not.toContain(world.key);
});
