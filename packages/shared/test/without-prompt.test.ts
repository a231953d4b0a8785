import { expect, test } from '@jest/globals';
import { withoutPrompt } from '@rendermill/shared/domain/without-prompt';

const prompt = 'A red fox, asleep in the snow under a birch, seen from above';

test.each([
  [`Your prompt '${prompt}' was rejected`, "Your prompt '…' was rejected"],
  ['not allowed: asleep in the snow under a (cut)', 'not allowed:…(cut)'],
  [`${prompt.slice(0, 40)}… and ${prompt.slice(20)}`, '…… and …'],
  ['a fox is not the matter', 'a fox is not the matter'],
  ['', ''],
])('of what a provider says no run of the prompt is kept: %s', (text, kept) => {
  expect(withoutPrompt(text, prompt)).toBe(kept);
});

test('a short prompt is looked for as a whole, one of a few letters is not', () => {
  expect(withoutPrompt('I cannot draw a red fox, nor a fox', 'a red fox')).toBe('I cannot draw …, nor a fox');
  expect(withoutPrompt('it is invalid', 'it')).toBe('it is invalid');
  expect(withoutPrompt('no prompt at all', null)).toBe('no prompt at all');
});
