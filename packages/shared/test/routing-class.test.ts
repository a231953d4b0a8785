import { describe, expect, test } from '@jest/globals';
import type { Account } from '@rendermill/shared/domain/accounts';
import type { Wanted } from '@rendermill/shared/domain/costs';
import { presets } from '@rendermill/shared/domain/presets/index';
import { noLimits } from '@rendermill/shared/domain/presets/preset';
import { membersOf, rankAccounts, routingClass, type Preference } from '@rendermill/shared/domain/routing-class';
import { account } from './accounts.js';

const relay = presets.apiyi;
/** A relay that takes so much for a picture of any model; null: nobody knows. */
const seller = (id: string, price: number | null, more: Partial<Account> = {}): Account => {
  const row = { currency: 'USD', usdRate: 1, per_image: { '*': { '*': price ?? 0 } } };
  return account({}, { id, preset: relay, prices: price === null ? {} : { m: row, n: row }, ...more });
};
const wanted = (model = 'm'): Wanted => ({ model, type: 'generation', request: { prompt: 'x', n: 1 }, inputs: [] });
const classOf = (accounts: readonly Account[], prefer: Preference, model = 'm', images = 1) =>
  routingClass(accounts, wanted(model), images, prefer);

describe('accounts are asked', () => {
  const accounts = [seller('dear', 0.3), seller('unknown', null), seller('cheap', 0.1), seller('same', 0.1)];
  test('in the order in which they come, by their own priority', () => {
    const ranks = rankAccounts(accounts, wanted(), 'priority');
    expect(ranks.map(({ account: { id }, rank }) => [id, rank])).toEqual([
      ['dear', 0],
      ['unknown', 0],
      ['cheap', 0],
      ['same', 0],
    ]);
  });

  test('the cheapest first, unknown prices last; equals of one priority share, of two do not', () => {
    const later = seller('later', 0.1, { priority: 1 });
    const ranks = rankAccounts([...accounts, later], wanted(), 'cheapest');
    expect(ranks.map(({ account: { id }, rank }) => [id, rank])).toEqual([
      ['cheap', 0],
      ['same', 0],
      ['later', 1],
      ['dear', 2],
      ['unknown', 3],
    ]);
  });
});

describe('a routing class', () => {
  const [a, b] = [seller('a', 0.1), seller('b', 0.2)];
  test('is the accounts and the images a call, whatever the order they come in', () => {
    expect(classOf([a, b], 'priority')).toEqual({ ...classOf([b, a], 'priority'), accounts: ['a', 'b'] });
    expect(classOf([a, b], 'priority')).toMatchObject({ ranks: null, model: null });
    expect(classOf([a, b], 'priority', 'm', 2).id).not.toBe(classOf([a, b], 'priority').id);
    expect(classOf([a, b], 'priority', 'n').id).toBe(classOf([a, b], 'priority').id);
  });

  test('by price is the order too, and not the prices', () => {
    const swapped = [seller('a', 0.4), seller('b', 0.2)];
    const dearer = [seller('a', 0.15), seller('b', 0.21)];
    const ids = [[a, b], dearer, swapped].map((of) => classOf(of, 'cheapest').id);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(classOf([a, b], 'priority').id).not.toBe(ids[0]);
  });

  test('has a model of its own where an account counts it apart', () => {
    const apart = seller('a', 0.1, {
      limits: { ...relay.limits, per_model: { m: { ...noLimits, concurrency: 1 } } },
    });
    expect([classOf([apart, b], 'priority').model, classOf([apart, b], 'priority', 'n').model]).toEqual(['m', null]);
    expect(classOf([apart, b], 'priority').id).not.toBe(classOf([apart, b], 'priority', 'n').id);
    const openai = seller('o', 0.1, { preset: presets.openai, models: presets.openai.models });
    expect(classOf([openai], 'priority', 'gpt-image-2').model).toBe('gpt-image-2');
    // Names that a client makes up must not make queues.
    const any = seller('any', 0.1, { preset: presets['openai-compatible'], models: 'any' });
    expect(classOf([any], 'priority', 'made-up').model).toBeNull();
  });

  test('keeps its order for accounts that are still configured; by priority it is that of today', () => {
    const now = new Map([
      ['a', seller('a', 0.9, { priority: 7 })],
      ['c', seller('c', 0)],
    ]);
    const ranks = (prefer: Preference) => membersOf(classOf([b, a], prefer), now).map(({ rank }) => rank);
    expect([ranks('cheapest'), ranks('priority')]).toEqual([[0], [7]]);
  });
});
