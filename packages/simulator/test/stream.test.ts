import { describe, expect, test } from '@jest/globals';
import { decode, generate, photo, rawGenerate, sha256, simulate, simulateFault, statusOf } from './support.js';

interface Frame {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

function framesOf(text: string): Frame[] {
  expect(text.endsWith('\n\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n\n')
    .map((frame) => {
      const match = /^event: (.+)\ndata: (.+)$/.exec(frame);
      const data: Frame['data'] = JSON.parse(match?.[2] ?? '{}');
      return { event: match?.[1] ?? '', data };
    });
}

const fileOf = ({ data }: Frame): Buffer => Buffer.from(String(data['b64_json']), 'base64');

describe('streams', () => {
  test('send each partial image, then the finished one', async () => {
    const simulator = await simulate();
    const response = await generate(simulator, { stream: true, partial_images: 2, quality: 'low' });
    const frames = framesOf(await response.text());
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(frames.map(({ event }) => event)).toEqual([
      'image_generation.partial_image',
      'image_generation.partial_image',
      'image_generation.completed',
    ]);
    const [first, , last] = frames;
    expect(first?.data).toMatchObject({
      type: 'image_generation.partial_image',
      partial_image_index: 0,
      size: '256x256',
    });
    expect(last?.data).toMatchObject({ type: 'image_generation.completed', quality: 'low', background: 'opaque' });
    expect(last?.data['usage']).toMatchObject({ output_tokens_details: { image_tokens: expect.any(Number) } });
    for (const frame of frames) expect(await decode(fileOf(frame))).toMatchObject({ width: 256, height: 256 });
    expect(simulator.ledger[0]?.sha256).toEqual(frames.slice(2).map((frame) => sha256(fileOf(frame))));
  });

  test('partial images cost 100 tokens each', async () => {
    const simulator = await simulate();
    for (const partial_images of [0, 3]) {
      await (await generate(simulator, { stream: true, partial_images })).text();
    }
    const [none, three] = simulator.ledger;
    expect((three?.cost_micros ?? 0) - (none?.cost_micros ?? 0)).toBe(300 * 30);
  });

  test('several images end in several completed events', async () => {
    const simulator = await simulate();
    const frames = framesOf(await (await generate(simulator, { stream: true, n: 3 })).text());
    expect(frames.map(({ event }) => event)).toEqual(Array(3).fill('image_generation.completed'));
    expect(new Set(frames.map((frame) => sha256(fileOf(frame)))).size).toBe(3);
  });

  test('an edit by form streams events of an edit', async () => {
    const simulator = await simulate();
    const form = new FormData();
    const fields = { model: 'gpt-image-2', prompt: 'Blue', size: '256x256', stream: 'true', partial_images: '1' };
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('image', new Blob([new Uint8Array(await photo())], { type: 'image/png' }), 'a.png');
    const response = await fetch(`${simulator.url}/images/edits`, { method: 'POST', body: form });
    const events = framesOf(await response.text()).map(({ event }) => event);
    expect(events).toEqual(['image_edit.partial_image', 'image_edit.completed']);
  });

  test('headers come at once, however long the image takes', async () => {
    const simulator = await simulate({ latencyMs: 1_000 });
    const order: string[] = [];
    const whole = statusOf(simulator).then(() => order.push('whole'));
    const response = await generate(simulator, { stream: true });
    order.push('headers');
    await whole;
    expect(order).toEqual(['headers', 'whole']);
    expect(framesOf(await response.text()).map(({ event }) => event)).toEqual(['image_generation.completed']);
  });

  test('an error within a 200 is an error event', async () => {
    const simulator = await simulateFault({ kind: 'ok_with_error' });
    const [frame] = framesOf(await (await generate(simulator, { stream: true })).text());
    expect(frame).toMatchObject({ event: 'error', data: { error: { code: 'rate_limit_exceeded' } } });
  });

  test('a reset breaks a stream too', async () => {
    const simulator = await simulateFault({ kind: 'reset_in_body', afterBytes: 2_000 });
    const { body, error } = await rawGenerate(simulator, { stream: true });
    expect(body).toHaveLength(2_000);
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });
});
