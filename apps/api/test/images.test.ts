import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { body, type Failure, type Images } from '../../../test/image-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

const generate = async <T = Images>(more: Record<string, unknown> = {}, headers?: Record<string, string>) =>
  world.call<T>('POST', '/v1/images/generations', { ...body, ...more }, headers);
const jobOf = async (headers: Headers) =>
  (await world.call<PresentedJob>('GET', `/v1/jobs/${headers.get('x-rendermill-job')}`)).body;
const holderOf = async (id: string | null) => world.redis.hget(`${world.prefix}job:${id}`, 'holder');
const callsFor = async (prompt: string) => (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt);
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function picture(width: number, height: number, channels: 3 | 4 = 3, alpha = 1): Promise<Buffer> {
  return sharp({ create: { width, height, channels, background: { r: 200, g: 80, b: 40, alpha } } })
    .png()
    .toBuffer();
}

describe('POST /v1/images/generations', () => {
  test('answers with bytes and a link by default, both the picture that the provider made', async () => {
    const { status, headers, body: answer } = await generate({ prompt: 'both' });
    expect(status).toBe(200);
    const [item] = answer.data;
    const bytes = Buffer.from(item?.b64_json ?? '', 'base64');
    expect((await callsFor('both'))[0]?.sha256).toEqual([sha(bytes)]);
    const linked = await fetch(item?.url ?? '');
    expect(linked.status).toBe(200);
    expect(linked.headers.get('content-type')).toBe('image/png');
    expect(sha(new Uint8Array(await linked.arrayBuffer()))).toBe(sha(bytes));
    expect(answer).toMatchObject({ size: '1024x1024', quality: 'low', output_format: 'png' });
    expect(answer.usage?.total_tokens).toBeGreaterThan(0);
    expect(Number(headers.get('content-length'))).toBeGreaterThan(bytes.length);
  });

  test('response_format narrows the answer to bytes or to a link', async () => {
    expect(Object.keys((await generate({ response_format: 'url' })).body.data[0] ?? {})).toEqual(['url']);
    expect(Object.keys((await generate({ response_format: 'b64_json' })).body.data[0] ?? {})).toEqual(['b64_json']);
  });

  test('n makes as many distinct pictures in one call', async () => {
    const { body: answer } = await generate({ prompt: 'three', n: 3 });
    expect(new Set(answer.data.map(({ b64_json }) => b64_json)).size).toBe(3);
    expect(await callsFor('three')).toHaveLength(1);
  });

  test('null stands for absent, as OpenAI SDKs send it', async () => {
    expect((await generate({ size: null, user: null, n: null, output_format: null })).status).toBe(200);
  });

  test('without a model the account default is used', async () => {
    const { headers } = await generate({ model: undefined, prompt: 'no model', quality: 'low', size: '1024x1024' });
    expect((await jobOf(headers)).model).toBe('gpt-image-2');
  });

  test('Prefer: respond-async answers 202 with the job', async () => {
    const { status, body: job } = await generate<PresentedJob>({}, { prefer: 'respond-async' });
    expect([status, job.object]).toEqual([202, 'job']);
    expect((await world.ended(job.id)).status).toBe('completed');
  });

  test('a body with an image is an edit', async () => {
    const image = `data:image/png;base64,${(await picture(64, 64)).toString('base64')}`;
    const { status, headers } = await generate({ prompt: 'try it on', image });
    expect([status, (await jobOf(headers)).type]).toEqual([200, 'edit']);
    expect((await callsFor('try it on')).map(({ path }) => path)).toEqual(['/v1/images/edits']);
  });

  test('stream: true sends the picture as an event', async () => {
    const response = await fetch(`${world.url}/v1/images/generations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, prompt: 'streamed', stream: true, n: 2 }),
    });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const frames = (await response.text()).split('\n\n').filter((frame) => frame.startsWith('event:'));
    const events = frames.map((frame) => JSON.parse(frame.split('\ndata: ')[1] ?? '') as Record<string, string>);
    expect(events.map(({ type }) => type)).toEqual(['image_generation.completed', 'image_generation.completed']);
    const sent = events.map(({ b64_json }) => sha(Buffer.from(b64_json ?? '', 'base64')));
    expect((await callsFor('streamed'))[0]?.sha256).toEqual(sent);
  });

  test('stream: true tells a failure as an error event', async () => {
    await world.simulator.faults([
      { when: { promptIncludes: 'stream refused' }, fault: { kind: 'moderation_blocked' } },
    ]);
    const response = await fetch(`${world.url}/v1/images/generations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, prompt: 'stream refused', stream: true }),
    });
    expect(await response.text()).toMatch(/event: error\ndata: \{"error":\{.*"code":"moderation_blocked"/);
    expect(await holderOf(response.headers.get('x-rendermill-job'))).toBe('');
  });

  test.each([
    ['breaks off inside a preview', { kind: 'reset_in_body', afterBytes: 2_000 }, 2],
    ['ends in an error that asks for a pause', { kind: 'ok_with_error' }, 1],
  ] as const)('a provider whose stream %s costs no more than the cap', async (what, fault, paid) => {
    await world.simulator.faults([{ times: 1, when: { promptIncludes: what }, fault }]);
    const response = await fetch(`${world.url}/v1/images/generations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, prompt: what, stream: true, partial_images: 1 }),
    });
    const text = await response.text();
    expect([...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name).at(-1)).toBe('image_generation.completed');
    const calls = await callsFor(what);
    expect(calls).toHaveLength(2);
    const job = await world.ended(response.headers.get('x-rendermill-job') ?? '');
    expect(job).toMatchObject({ status: 'completed', paid_attempts: paid });
    expect(job.images.map(({ sha256 }) => sha256)).toEqual(calls.at(-1)?.sha256);
  });

  test('stream: true that its client leaves in the middle of a picture gives the job to the next identical request', async () => {
    const asked = { ...body, prompt: 'left in a picture', stream: true, n: 8, quality: 'high' };
    const leaving = new AbortController();
    const first = await fetch(`${world.url}/v1/images/generations`, {
      method: 'POST',
      signal: leaving.signal,
      headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
    const id = first.headers.get('x-rendermill-job');
    const reader = first.body?.getReader();
    let text = '';
    while (!text.includes('b64_json')) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    leaving.abort();
    await until(async () => (await holderOf(id)) === '');
    const next = await generate<string>(asked);
    expect(next.headers.get('x-rendermill-job')).toBe(id);
    expect(next.body.match(/^event: image_generation.completed$/gm)).toHaveLength(8);
  });
});

describe('POST /v1/images/edits', () => {
  test('as a form with four images: the provider gets each byte for byte', async () => {
    const images = await Promise.all([80, 96, 112, 128].map(async (edge) => picture(edge, edge)));
    const form = new FormData();
    for (const image of images)
      form.append('image[]', new Blob([new Uint8Array(image)], { type: 'image/png' }), 'photo.png');
    form.append('prompt', 'four into one');
    form.append('model', 'gpt-image-1');
    form.append('n', '1');
    form.append('input_fidelity', 'high');
    const { status } = await world.call<Images>('POST', '/v1/images/edits', form);
    expect(status).toBe(200);
    const [call] = await callsFor('four into one');
    expect(call?.inputs.map(({ sha256 }) => sha256)).toEqual(images.map(sha));
    expect(call?.inputs.map(({ content_type }) => content_type)).toEqual(Array(4).fill('image/png'));
    expect(call?.fields).toMatchObject({ input_fidelity: 'high', n: '1' });
  });

  test('with a mask: alpha is kept, a black-and-white one becomes alpha by mask_from', async () => {
    const image = await picture(64, 64);
    const alpha = await picture(64, 64, 4, 0);
    const blackAndWhite = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#000000' } })
      .composite([
        {
          input: await sharp({ create: { width: 32, height: 64, channels: 3, background: '#ffffff' } })
            .png()
            .toBuffer(),
          left: 0,
          top: 0,
        },
      ])
      .png()
      .toBuffer();
    const send = async (prompt: string, mask: Buffer, more: Record<string, string> = {}) => {
      const form = new FormData();
      form.append('mask', new Blob([new Uint8Array(mask)]), 'mask.png');
      form.append('prompt', prompt);
      for (const [name, value] of Object.entries(more)) form.append(name, value);
      form.append('image', new Blob([new Uint8Array(image)]), 'a.png');
      return world.call<Failure>('POST', '/v1/images/edits', form);
    };
    expect((await send('mask as it is', alpha)).status).toBe(200);
    expect((await callsFor('mask as it is'))[0]?.mask?.sha256).toBe(sha(alpha));
    const refused = await send('mask without alpha', blackAndWhite);
    expect([refused.status, refused.body.error.code]).toEqual([400, 'invalid_mask']);
    expect(await callsFor('mask without alpha')).toEqual([]);
    // White (left) is kept and black (right) replaced, or the other way round.
    for (const [mask_from, alphas] of [
      ['luminance', [255, 0]],
      ['inverted', [0, 255]],
    ] as const) {
      const { status, headers } = await send(`mask by ${mask_from}`, blackAndWhite, { mask_from });
      expect(status).toBe(200);
      const chunks: Buffer[] = [];
      const key = (await jobOf(headers)).request.mask?.key ?? '';
      for await (const chunk of (await world.storage.get(key))?.body ?? []) chunks.push(chunk as Buffer);
      const made = await sharp(Buffer.concat(chunks)).extractChannel(3).raw().toBuffer();
      expect([made[0], made[63]]).toEqual(alphas);
    }
  });

  test('as JSON with data URLs, and with plain strings', async () => {
    const image = await picture(48, 48);
    const data = `data:image/png;base64,${image.toString('base64')}`;
    for (const [prompt, images] of [
      ['json objects', [{ image_url: data }, { image_url: data }]],
      ['json strings', [data]],
    ] as const) {
      const { status } = await world.call('POST', '/v1/images/edits', { prompt, images, model: 'gpt-image-1' });
      expect(status).toBe(200);
      expect((await callsFor(prompt))[0]?.inputs.map(({ sha256 }) => sha256)).toEqual(images.map(() => sha(image)));
    }
  });

  test('without an image is 400', async () => {
    const { status, body: answer } = await world.call<Failure>('POST', '/v1/images/edits', { prompt: 'nothing' });
    expect([status, answer.error.code]).toEqual([400, 'missing_image']);
  });
});

describe('POST /v1/images/variations', () => {
  test('is served by an edit with a stated prompt where the account offers no variations', async () => {
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(await picture(64, 64))], { type: 'image/png' }), 'v.png');
    const { status, headers } = await world.call<Images>('POST', '/v1/images/variations', form);
    expect(status).toBe(200);
    expect((await jobOf(headers)).type).toBe('variation');
    const [call] = (await world.simulator.ledger()).filter(({ prompt }) =>
      prompt?.startsWith('Create a variation of this image'),
    );
    expect(call?.path).toBe('/v1/images/edits');
  });
});
