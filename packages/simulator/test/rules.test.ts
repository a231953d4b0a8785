import { describe, expect, test } from '@jest/globals';
import type { FaultRule } from '../src/index.js';
import { FaultRules } from '../src/faults/rules.js';
import { simulate, statusOf } from './support.js';

const refuse = { kind: 'server_error' } as const;

/** Which of so many requests meet a fault. */
function hits(rules: readonly FaultRule[], count: number, seed = 1): number[] {
  const engine = new FaultRules(seed);
  engine.set(rules);
  const subject = { prompt: 'A red mug', model: 'gpt-image-2', path: '/images/generations' };
  return Array.from({ length: count }, (_, i) => i + 1).filter(
    (number) => engine.pick({ ...subject, number }) !== null,
  );
}

describe('fault rules', () => {
  test.each<[string, FaultRule['when'], number[]]>([
    ['no condition', undefined, [1, 2, 3, 4, 5, 6]],
    ['the nth', { nth: 3 }, [3]],
    ['every nth', { everyNth: 2 }, [2, 4, 6]],
    ['a part of the prompt', { promptIncludes: 'red' }, [1, 2, 3, 4, 5, 6]],
    ['a part that is missing', { promptIncludes: 'blue' }, []],
    ['another model', { model: 'dall-e-3' }, []],
    ['a path', { path: '/images/edits' }, []],
    ['probability one', { probability: 1 }, [1, 2, 3, 4, 5, 6]],
    ['probability zero', { probability: 0 }, []],
  ])('%s', (_name, when, expected) => {
    expect(hits([{ when, fault: refuse }], 6)).toEqual(expected);
  });

  test('times ends a rule, and the next takes over', () => {
    const engine = new FaultRules(1);
    engine.set([{ times: 2, fault: refuse }, { fault: { kind: 'html_502' } }]);
    const subject = { prompt: '', model: '', path: '' };
    const kinds = [1, 2, 3].map((number) => engine.pick({ ...subject, number })?.kind);
    expect(kinds).toEqual(['server_error', 'server_error', 'html_502']);
  });

  test('nth counts the requests that meet the other conditions, wherever the rule stands', () => {
    expect(
      hits(
        [
          { when: { nth: 1 }, fault: refuse },
          { when: { nth: 2 }, fault: refuse },
        ],
        4,
      ),
    ).toEqual([1, 2]);
  });

  test('a probability hits its share, the same ones for the same seed', () => {
    const rules = [{ when: { probability: 0.3 }, fault: refuse }];
    const hit = hits(rules, 2_000);
    expect(hit.length / 2_000).toBeCloseTo(0.3, 1);
    expect(hits(rules, 2_000)).toEqual(hit);
    expect(hits(rules, 2_000, 2)).not.toEqual(hit);
  });

  test('a rule that makes no sense is refused with the place of the mistake', async () => {
    const simulator = await simulate();
    const wrong: FaultRule[] = JSON.parse('[{"fault":{"kind":"no_such_fault"}}]');
    expect(() => simulator.setFaults(wrong)).toThrow(/fault/);
    expect(() => simulator.setFaults([{ when: { nth: 0 }, fault: refuse }])).toThrow(/nth/);
  });

  test('setFaults replaces what was set', async () => {
    const simulator = await simulate({ faults: [{ fault: refuse }] });
    expect(await statusOf(simulator)).toBe(500);
    simulator.setFaults([{ fault: { kind: 'html_504' } }]);
    expect(await statusOf(simulator)).toBe(504);
    simulator.setFaults([]);
    expect(await statusOf(simulator)).toBe(200);
  });
});
