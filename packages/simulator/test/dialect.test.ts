import { describe, expect, test } from '@jest/globals';
import { generate, jsonOf, photo, simulate, statusOf } from './support.js';

const size = '1024x1024';

describe('dialect', () => {
  test('refuses what it does not know, uncharged, and takes the rest', async () => {
    const simulator = await simulate({ dialect: { unknownParameters: ['moderation', 'mask'] } });
    const response = await generate(simulator, { size, moderation: 'low' });
    expect([response.status, (await jsonOf(response)).error]).toEqual([
      400,
      expect.objectContaining({ code: 'unknown_parameter', param: 'moderation' }),
    ]);
    expect(await statusOf(simulator, { size, user: 'a' })).toBe(200);
    expect(simulator.stats.charged).toBe(1);
  });

  test('drops parameters without a word', async () => {
    const simulator = await simulate({ dialect: { dropped: ['size'] } });
    const made = await generate(simulator, { size: '1536x1024' });
    expect((await jsonOf(made))['size']).toBe('1024x1024');
  });

  test.each([
    ['the mask', { unknownParameters: ['mask'] }, 'mask'],
    ['a form field of several images', { unknownParameters: ['image[]'] }, 'image[]'],
    ['more images than it takes', { maxInputs: 1 }, 'image'],
  ])('refuses %s', async (_what, dialect, param) => {
    const simulator = await simulate({ dialect });
    const form = new FormData();
    form.append('prompt', 'Blue');
    const blob = new Blob([new Uint8Array(await photo())], { type: 'image/png' });
    form.append('image[]', blob, 'a.png');
    form.append('image[]', blob, 'b.png');
    form.append('mask', blob, 'mask.png');
    const response = await fetch(`${simulator.url}/images/edits`, { method: 'POST', body: form });
    expect([response.status, (await jsonOf(response)).error?.param]).toEqual([400, param]);
    expect(simulator.stats.charged).toBe(0);
  });
});
