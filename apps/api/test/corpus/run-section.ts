import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { liveBytes } from '@rendermill/shared/testing/live-memory';
import { createWorld, type World, type WorldOptions } from '../../../../test/world.js';
import { section, type Exception } from './corpus.js';
import type { Said } from './said.js';

/** Makes the requests of one row, and answers what the last of them was told. */
export type Ask = (world: World) => Promise<Said>;

/** What a second round of all rows may leave in memory: log lines that the world keeps, and the measuring itself. */
export const slackBytes = 8 * 1024 * 1024;

const insides = /\n\s+at |\.[cm]?[jt]s:\d+|node_modules|\/(apps|packages)\//;

/** Every row of a section against a Rendermill without a worker: nothing may be bought, broken, shown or kept. */
export function runSection(
  letter: string,
  exceptions: Readonly<Record<number, Exception>>,
  asks: Readonly<Record<number, Ask>>,
  options: WorldOptions = {},
): void {
  const rows = section(letter, exceptions);
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ worker: false, ...options });
  });
  afterAll(async () => world.close());

  describe(`section ${letter} of the corpus`, () => {
    test.each(rows.map((row) => [row.n, row.input.slice(0, 80), row] as const))(
      'row %i: %s',
      async (n, _input, row) => {
        const said = await asks[n]?.(world);
        expect([said?.status, codeIn(said)]).toEqual([row.status, row.code]);
        expect(said?.text).not.toMatch(insides);
      },
    );

    test('has no request without a row', () => {
      expect(Object.keys(asks).map(Number)).toEqual(rows.map(({ n }) => n));
    });

    test('asked again, leaves memory and built-in objects as they were', async () => {
      let grown = Infinity;
      // What leaks grows each time; what is only late in being let go does not.
      for (let round = 0; round < 4 && grown >= slackBytes; round++) {
        const before = liveBytes();
        for (const { n } of rows) await asks[n]?.(world);
        grown = liveBytes() - before;
      }
      expect(grown).toBeLessThan(slackBytes);
      expect(Object.keys(Object.prototype)).toEqual([]);
    });

    test('has led to no failure in the log and to no call, and the API still answers', async () => {
      expect(world.logs.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
      expect(world.logs.filter(({ status }) => Number(status) >= 500)).toEqual([]);
      expect(await world.simulator.ledger()).toEqual([]);
      expect((await world.call('GET', '/healthz')).status).toBe(200);
    });
  });
}

/** The code of an error's envelope, which is whole wherever there is one; null for an answer that is no error. */
function codeIn(said: Said | undefined): string | null {
  if (!said || said.status === 'closed' || said.status < 400) return null;
  const { error } = JSON.parse(said.text) as { error: Record<string, unknown> };
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type']);
  return String(error['code']);
}
