import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { Simulator } from '../src/index.js';
import { decode, filesOf, firstOf, generated, jsonOf, photo, sha256, simulate, type ImagesBody } from './support.js';
import { until } from '../../../test/until.js';

const fields = { model: 'gpt-image-2', prompt: 'Make it blue', size: '256x256' };

async function send(simulator: Simulator, form: FormData, route = 'edits'): Promise<Response> {
  return await fetch(`${simulator.url}/images/${route}`, { method: 'POST', body: form });
}

function formOf(files: readonly (readonly [string, Buffer, string?])[], texts: object = fields): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(texts)) form.append(name, String(value));
  for (const [name, bytes, type = 'image/png'] of files) {
    form.append(name, new Blob([new Uint8Array(bytes)], { type }), 'photo.png');
  }
  return form;
}

/** Black with a clear square in its middle. */
async function maskOf(size: number): Promise<Buffer> {
  const hole = { create: { width: size / 2, height: size / 2, channels: 4 as const, background: '#000' } };
  return await sharp({ create: { width: size, height: size, channels: 4, background: '#000' } })
    .composite([{ input: await sharp(hole).png().toBuffer(), blend: 'dest-out' }])
    .png()
    .toBuffer();
}

/** Pixels of an edit, with or without a mask. */
async function picture(withMask: boolean): Promise<Buffer> {
  const simulator = await simulate();
  const mask = await maskOf(64);
  const form = formOf([['image', await photo()], ...(withMask ? [['mask', mask] as const] : [])]);
  const body = await jsonOf(await send(simulator, form));
  expect(simulator.ledger[0]?.mask?.sha256).toBe(withMask ? sha256(mask) : undefined);
  return (await decode(firstOf(filesOf(body)))).pixels;
}

async function sendJson(simulator: Simulator, body: object): Promise<Response> {
  const options = { method: 'POST', headers: { 'content-type': 'application/json' } };
  return await fetch(`${simulator.url}/images/edits`, { ...options, body: JSON.stringify({ ...fields, ...body }) });
}

describe('edits by form', () => {
  test.each([
    ['image', ['image']],
    ['image[]', ['image[]', 'image[]']],
    ['image[n]', ['image[0]', 'image[1]', 'image[2]']],
    ['image repeated', ['image', 'image']],
  ])('files named %s are input images', async (_name, names) => {
    const simulator = await simulate();
    const files = await Promise.all(names.map(async (_, i) => await photo(64 + i)));
    const response = await send(simulator, formOf(names.map((name, i) => [name, files[i] ?? Buffer.alloc(0)])));
    expect(response.status).toBe(200);
    expect(simulator.ledger[0]?.inputs).toEqual(
      files.map((file, i) => ({
        field: names[i],
        filename: 'photo.png',
        content_type: 'image/png',
        bytes: file.length,
        sha256: sha256(file),
        reference: null,
      })),
    );
  });

  test('fields may come after the files', async () => {
    const simulator = await simulate();
    const form = formOf([['image', await photo()]], {});
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    expect((await send(simulator, form)).status).toBe(200);
    expect(simulator.ledger[0]).toMatchObject({ prompt: 'Make it blue', fields });
  });

  test('a chunked upload with octet-stream parts is taken', async () => {
    const simulator = await simulate();
    const form = formOf([['image', await photo(), 'application/octet-stream']]);
    const encoded = new Response(form);
    const options = { method: 'POST', headers: { 'content-type': encoded.headers.get('content-type') ?? '' } };
    const response = await fetch(`${simulator.url}/images/edits`, { ...options, body: encoded.body, duplex: 'half' });
    expect(response.status).toBe(200);
    expect(simulator.ledger[0]?.headers).not.toHaveProperty('content-length');
    expect(simulator.ledger[0]?.inputs[0]?.content_type).toBe('application/octet-stream');
  });

  test('the mask is kept apart, and its clear area is painted into the picture', async () => {
    const [plain, masked] = [await picture(false), await picture(true)];
    const differs = (x: number, y: number): boolean =>
      !plain
        .subarray((y * 256 + x) * 4, (y * 256 + x) * 4 + 3)
        .equals(masked.subarray((y * 256 + x) * 4, (y * 256 + x) * 4 + 3));
    // The middle of the thumbnail, and a point of it outside the mask's hole.
    expect([differs(128, 118), differs(88, 118)]).toEqual([true, false]);
  });

  test('input images cost input tokens', async () => {
    const simulator = await simulate();
    await send(simulator, formOf([['image', await photo()]]));
    await generated(simulator, fields);
    const [edit, generation] = simulator.ledger;
    // 65 + 129 + 4,096 tokens at 8 micro-dollars.
    expect(edit?.cost_micros).toBe((generation?.cost_micros ?? 0) + 4_290 * 8);
  });

  test.each([
    ['no image', [], 'missing_required_parameter'],
    ['a file that is no image', [['image', Buffer.from('hello')]], 'invalid_image_file'],
  ] as const)('%s is refused without a charge', async (_name, files, code) => {
    const simulator = await simulate();
    const response = await send(simulator, formOf(files));
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error?.code).toBe(code);
    expect(simulator.ledger[0]).toMatchObject({ charged: false, outcome: code, status: 400 });
  });

  test('a truncated image file is refused', async () => {
    const simulator = await simulate();
    const noise = await sharp({
      create: {
        width: 64,
        height: 64,
        channels: 3,
        noise: { type: 'gaussian', mean: 128, sigma: 30 },
        background: '#888',
      },
    })
      .png()
      .toBuffer();
    const response = await send(simulator, formOf([['image', noise.subarray(0, noise.length >> 1)]]));
    expect((await jsonOf(response)).error?.code).toBe('invalid_image_file');
  });

  test('a file beyond 50 MB is refused', async () => {
    const simulator = await simulate();
    const response = await send(simulator, formOf([['image', Buffer.alloc(51 * 1024 * 1024)]]));
    expect((await jsonOf(response)).error).toMatchObject({ code: 'image_too_large', param: 'image' });
  });

  test('a form that breaks off leaves the simulator standing', async () => {
    const simulator = await simulate();
    const socket = connect(simulator.port, '127.0.0.1');
    const part = '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\nhalf a fi';
    socket.write(
      `POST /v1/images/edits HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${part.length}\r\n\r\n${part}`,
    );
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    socket.destroy();
    expect(answer).toContain('400 Bad Request');
    expect((await generated(simulator)).data).toHaveLength(1);
  });
});

describe('a client that hangs up in the middle of its upload', () => {
  test.each(['multipart/form-data; boundary=b', 'application/json'])('is entered and forgotten (%s)', async (type) => {
    const simulator = await simulate();
    const socket = connect(simulator.port, '127.0.0.1');
    const part = '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\nhalf a fi';
    socket.write(
      `POST /v1/images/edits HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: 9999\r\n\r\n${part}`,
    );
    await until(() => simulator.stats.in_flight === 1);
    socket.destroy();
    await until(() => simulator.stats.in_flight === 0);
    expect(simulator.ledger[0]).toMatchObject({ charged: false, client_gone: true });
  });
});

describe('edits by JSON', () => {
  test('data URLs are input images, links and file ids are noted', async () => {
    const simulator = await simulate();
    const file = await photo();
    const image_url = `data:image/png;base64,${file.toString('base64')}`;
    const images = [{ image_url }, { image_url: 'https://example.com/a.png' }, { file_id: 'file-abc' }];
    const body: ImagesBody = await jsonOf(await sendJson(simulator, { images, mask: { file_id: 'file-mask' } }));
    expect(body.data).toHaveLength(1);
    expect(simulator.ledger[0]?.inputs).toMatchObject([
      { sha256: sha256(file), content_type: 'image/png', reference: null },
      { sha256: null, reference: 'https://example.com/a.png' },
      { sha256: null, reference: 'file-abc' },
    ]);
    expect(simulator.ledger[0]?.mask?.reference).toBe('file-mask');
    expect(simulator.ledger[0]?.fields).not.toHaveProperty('images');
  });

  test.each([
    ['both a link and an id', { images: [{ image_url: 'https://example.com', file_id: 'file-a' }] }, 'images[0]'],
    ['neither', { images: [{}] }, 'images[0]'],
    ['a list of none', { images: [] }, 'images'],
    ['something else', { images: 'photo.png' }, 'images'],
  ])('%s is refused', async (_name, body, param) => {
    const simulator = await simulate();
    const response = await sendJson(simulator, body);
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error?.param).toBe(param);
  });
});

describe('variations', () => {
  test('need an image and no prompt', async () => {
    const simulator = await simulate();
    const form = formOf([['image', await photo()]], {
      model: 'dall-e-2',
      size: '256x256',
      response_format: 'b64_json',
    });
    const body = await jsonOf(await send(simulator, form, 'variations'));
    expect(await decode(firstOf(filesOf(body)))).toMatchObject({ width: 256 });
    expect(simulator.ledger[0]).toMatchObject({ model: 'dall-e-2', charged: true, cost_micros: 16_000 });
  });
});
