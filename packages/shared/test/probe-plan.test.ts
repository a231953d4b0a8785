import { describe, expect, test } from '@jest/globals';
import type { Account } from '@rendermill/shared/domain/accounts';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { models } from '@rendermill/shared/domain/models';
import { presets } from '@rendermill/shared/domain/presets/index';
import { checkAgainstModel } from '@rendermill/shared/domain/job-request';
import { planProbe, stepCost } from '@rendermill/shared/domain/probe-plan';
import { nextStep, sells, type StepResult } from '@rendermill/shared/domain/probe-steps';

/** Every course of a probe, at every preset and for each model that it sells. */
const keys = Object.fromEntries(Object.values(presets).flatMap(({ envKey }) => (envKey ? [[envKey, 'k']] : [])));
const { accounts } = loadConfiguration(keys);
const cases = accounts.flatMap((account) =>
  models.filter(({ id }) => sells(account, id)).map(({ id }): [string, string, Account] => [account.id, id, account]),
);

function courses(account: Account, model: string, results: readonly StepResult[] = []): StepResult[][] {
  const step = nextStep(account, model, results);
  if (!step) return [[...results]];
  return (['accepted', 'refused'] as const).flatMap((came_to) =>
    courses(account, model, [...results, { name: step.name, came_to }]),
  );
}

describe.each(cases)('%s, %s', (_id, model, account) => {
  const plan = planProbe(account, model);
  const all = courses(account, model);

  test('no course makes a call twice, one that the plan does not name, or one that its model cannot make', () => {
    const named = plan.steps.map(({ step }) => step.name);
    for (const course of all) {
      const names = course.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(named).toEqual(expect.arrayContaining(names));
    }
    for (const { step } of plan.steps)
      expect(() => checkAgainstModel(model, step.operation, step.request, step.images)).not.toThrow();
  });

  test('no course costs more than the most that is told, and one costs just that', () => {
    if (plan.most === null) {
      expect(plan.steps.some(({ cost }) => cost === null)).toBe(true);
      return;
    }
    const costs = all.map((course) => {
      let sum = 0;
      for (const [i, { came_to }] of course.entries()) {
        const step = nextStep(account, model, course.slice(0, i));
        if (step && came_to === 'accepted') sum += stepCost(account, model, step) ?? Number.NaN;
      }
      return sum;
    });
    expect(Math.max(...costs)).toBe(plan.most);
    expect(costs[0]).toBe(plan.expected);
  });
});

test('a generation and one edit tell all where everything is taken', () => {
  const openai = accounts.find(({ id }) => id === 'openai') as Account;
  const accepted = (names: readonly string[]) => names.map((name): StepResult => ({ name, came_to: 'accepted' }));
  const names: string[] = [];
  for (let step = nextStep(openai, 'gpt-image-2', []); step; step = nextStep(openai, 'gpt-image-2', accepted(names)))
    names.push(step.name);
  expect(names).toEqual(['generation_with_every_parameter', 'edit_of_two_images_and_mask']);
});
