import { describe, expect, test } from '@jest/globals';
import { generate, jsonOf, photo, simulate, statusOf } from './support.js';

const size = '1024x1024';

describe("strict: 'openai'", () => {
  test.each([
    [
      'response_format for a GPT image model',
      { size, response_format: 'b64_json' },
      'unknown_parameter',
      'response_format',
    ],
    ['an invented parameter', { size, seed: 7 }, 'unknown_parameter', 'seed'],
    ['style outside of dall-e', { size, style: 'vivid' }, 'unknown_parameter', 'style'],
    ['a size below the least', { size: '256x256' }, 'invalid_value', 'size'],
    ['an edge that 16 does not divide', { size: '1000x1000' }, 'invalid_value', 'size'],
    ['a strip of 4:1', { size: '3840x960' }, 'invalid_value', 'size'],
    ['a size of another family', { model: 'gpt-image-1', size: '2048x2048' }, 'invalid_value', 'size'],
    ['a quality of a later family', { size, quality: 'max' }, 'invalid_value', 'quality'],
    ['a transparent JPEG', { size, background: 'transparent', output_format: 'jpeg' }, 'invalid_value', 'background'],
    ['two images of dall-e-3', { model: 'dall-e-3', size, n: 2 }, 'invalid_value', 'n'],
    [
      'a prompt beyond its length',
      { model: 'dall-e-2', size, prompt: 'x'.repeat(1_001) },
      'string_above_max_length',
      'prompt',
    ],
  ])('refuses %s', async (_name, body, code, param) => {
    const simulator = await simulate({ strict: 'openai' });
    const response = await generate(simulator, body);
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error).toMatchObject({ code, param, type: 'invalid_request_error' });
  });

  test('does not know the models of relays', async () => {
    const simulator = await simulate({ strict: 'openai' });
    const response = await generate(simulator, { model: 'sora_image', size });
    expect(response.status).toBe(404);
    expect((await jsonOf(response)).error?.code).toBe('model_not_found');
  });

  test('needs a key', async () => {
    const simulator = await simulate({ strict: 'openai' });
    expect(await statusOf(simulator, { size }, { authorization: '' })).toBe(401);
  });

  test('refuses octet-stream parts in OpenAI’s words', async () => {
    const simulator = await simulate({ strict: 'openai' });
    const form = new FormData();
    form.append('prompt', 'Blue');
    form.append('model', 'gpt-image-2');
    const blob = new Blob([new Uint8Array(await photo())], { type: 'application/octet-stream' });
    form.append('image[]', blob, 'a.png');
    const headers = { authorization: 'Bearer sk-test-abcd' };
    const response = await fetch(`${simulator.url}/images/edits`, { method: 'POST', headers, body: form });
    expect((await jsonOf(response)).error?.message).toBe(
      "Invalid file 'image': unsupported mimetype ('application/octet-stream'). Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.",
    );
  });

  test('refuses input_fidelity where the model always reads in full', async () => {
    const simulator = await simulate({ strict: 'openai' });
    const image_url = `data:image/png;base64,${(await photo()).toString('base64')}`;
    const body = { model: 'gpt-image-2', prompt: 'Blue', images: [{ image_url }], input_fidelity: 'high' };
    const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-test-abcd' };
    const options = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${simulator.url}/images/edits`, options);
    expect((await jsonOf(response)).error).toMatchObject({ code: 'unknown_parameter', param: 'input_fidelity' });
  });

  test('takes what OpenAI takes', async () => {
    const simulator = await simulate({ strict: 'openai', images: { pool: { bytes: 100_000 } } });
    const all = {
      size: '1536x864',
      quality: 'xhigh',
      background: 'opaque',
      output_format: 'png',
      moderation: 'low',
      user: 'u',
    };
    expect(await statusOf(simulator, { model: 'gpt-image-2.6-sunburst', ...all, complexity: 'high' })).toBe(200);
    expect(
      await statusOf(simulator, { model: 'dall-e-3', size: '1792x1024', style: 'natural', response_format: 'url' }),
    ).toBe(200);
  });
});

describe('lenient', () => {
  test('takes what relays let pass', async () => {
    const simulator = await simulate();
    const odd = { model: 'sora_image', response_format: 'b64_json', seed: 7, size: '300x200', quality: 'hd' };
    expect(await statusOf(simulator, odd, { authorization: '' })).toBe(200);
    expect(simulator.ledger[0]).toMatchObject({ key_last4: null, fields: { seed: 7 } });
  });

  test('refuses keys that are not on its list', async () => {
    const simulator = await simulate({ apiKeys: ['sk-good'] });
    const status = async (authorization: string): Promise<number> => await statusOf(simulator, {}, { authorization });
    expect([await status('Bearer sk-good'), await status('Bearer sk-bad'), await status('')]).toEqual([200, 401, 401]);
    expect(simulator.stats).toMatchObject({ charged: 1, outcomes: { ok: 1, invalid_api_key: 2 } });
  });
});
