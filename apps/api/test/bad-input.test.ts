import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { pngOfZeros } from '../../../test/hostile-images.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { createHttpServer } from '../src/http/server.js';
import { ask, raw } from './corpus/said.js';

/** Bad input that the corpus does not know gets the envelope with a fitting code, costs nothing, and harms nobody. */

interface Failure {
  error: { message: string; type: string; param: string | null; code: string };
}

let world: World;
beforeAll(async () => {
  world = await createWorld({ worker: false });
});
afterAll(async () => {
  expect((await world.simulator.ledger()).length).toBe(0);
  await world.close();
});

const json = { 'content-type': 'application/json' };
const job = { type: 'generation', prompt: 'x', model: 'gpt-image-1' };
const post = async (body: unknown, headers: Record<string, string> = json, path = '/v1/jobs') =>
  world.call<Failure>('POST', path, body, headers);

describe('a body', () => {
  test('in an encoding whose name JavaScript knows is 415', async () => {
    const { status, body } = await post('{}', { ...json, 'content-encoding': 'constructor' });
    expect([status, body.error.code]).toEqual([415, 'unsupported_encoding']);
  });

  test('that is small on the wire and more than 100 MB on the disk is 413, and leaves nothing there', async () => {
    // Members of a gzip file follow each other: four images of 40 MB each.
    const pixels = gzipSync(Buffer.alloc(40 * 1024 * 1024, 'A'));
    const images = [0, 1, 2, 3].flatMap((i) => [
      gzipSync(`${i > 0 ? '"},' : ''}{"image_url":"data:image/png;base64,`),
      pixels,
    ]);
    const body = Buffer.concat([
      gzipSync('{"type":"edit","model":"gpt-image-1","prompt":"x","images":['),
      ...images,
      gzipSync('"}]}'),
    ]);
    expect(body.length).toBeLessThan(1024 * 1024);
    const answer = await post(body, { ...json, 'content-encoding': 'gzip' });
    expect([answer.status, answer.body.error.code]).toEqual([413, 'payload_too_large']);
    expect(answer.body.error.message).toMatch(/more than 100 MB when it is decompressed/);
    const uploads = `${world.env['RENDERMILL_DATA_DIR']}/uploads`;
    const [own = ''] = await readdir(uploads);
    await until(async () => (await readdir(`${uploads}/${own}`)).length === 0);
  });

  test.each([
    ['a key twice', '{"prompt":"x","prompt":"y"}', 'duplicate_key', 'requests.1.body.prompt'],
    ['a key that is none', '{"prompt":"x","svg":{"__proto__":1}}', 'forbidden_key', 'requests.1.body.svg.__proto__'],
    ['half a character', '{"prompt":"x","user":"\\ud800"}', 'invalid_parameter', 'requests.1.body.user'],
    ['an endless number', '{"prompt":"x","n":1e400}', 'number_out_of_range', 'requests.1.body.n'],
  ])('with %s in one of its lines says in which', async (_what, line, code, param) => {
    const lines = ['{"prompt":"x"}', line].map((body, i) => `{"custom_id":"${i}","body":${body}}`);
    const text = `{"endpoint":"/v1/images/generations","requests":[${lines.join(',')}]}`;
    for (const path of ['/v1/batches', '/v1/batches/preview', '/v1/estimates']) {
      const { status, body } = await post(text, json, path);
      expect([status, body.error.code, body.error.param]).toEqual([400, code, param]);
    }
  });
});

describe('a job', () => {
  test.each<[string, Record<string, unknown>, string, string | null]>([
    ['without a type', { type: undefined }, 'missing_required_parameter', 'type'],
    ['with n as text', { n: '1' }, 'invalid_parameter', 'n'],
    ['with a size that the model does not make', { size: '1000x1000' }, 'invalid_size', 'size'],
    ['with a quality of a later model', { quality: 'max' }, 'invalid_parameter', 'quality'],
    [
      'with a transparent JPEG',
      { background: 'transparent', output_format: 'jpeg' },
      'invalid_parameter',
      'background',
    ],
    [
      'with two names for one thing that disagree',
      { output_format: 'png', format: 'webp' },
      'invalid_parameter',
      'format',
    ],
    ['with style for a model that has none', { style: 'vivid' }, 'invalid_parameter', 'style'],
    ['that sets its own project', { project: 'other' }, 'unknown_parameter', 'project'],
    ['with a number in its metadata', { metadata: { a: 1 } }, 'invalid_parameter', 'metadata.a'],
    ['with a custom_id of 513 characters', { custom_id: 'x'.repeat(513) }, 'invalid_parameter', 'custom_id'],
    ['for an account that does not exist', { provider: 'nobody' }, 'invalid_parameter', 'provider'],
    ['with an image for a generation', { image: 'https://example.com/a.png' }, 'invalid_parameter', 'type'],
    ['that is an edit of nothing', { type: 'edit' }, 'missing_image', 'image'],
    [
      'that edits a file id that nobody has',
      { type: 'edit', images: [{ file_id: 'file-x' }] },
      'image_file_not_found',
      'image',
    ],
    [
      'that edits SVG',
      { type: 'edit', image: `data:image/svg+xml;base64,${Buffer.from('<svg/>').toString('base64')}` },
      'unsupported_image_format',
      'image',
    ],
    ['that edits broken base64', { type: 'edit', image: 'data:image/png;base64,!!!' }, 'invalid_image', null],
    [
      'that edits HTML named png',
      { type: 'edit', image: `data:image/png;base64,${Buffer.from('<html>').toString('base64')}` },
      'unsupported_image_format',
      'image',
    ],
  ])('%s', async (_what, fields, code, param) => {
    const { status, body } = await post({ ...job, ...fields });
    expect([status, body.error.code, body.error.param]).toEqual([code === 'not_found' ? 404 : 400, code, param]);
  });

  test('for an unknown model is 404', async () => {
    const { status, body } = await post({ ...job, model: 'gpt-image-9' });
    expect([status, body.error.code, body.error.param]).toEqual([404, 'model_not_found', 'model']);
  });

  test('at an account that takes any model may not name one that every JavaScript object has', async () => {
    const liberal = await createWorld({ worker: false, account: { preset: 'openai-compatible' } });
    const order = async (model: string) => liberal.call<Failure>('POST', '/v1/jobs', { ...job, model });
    for (const model of ['__proto__', 'constructor', 'toString']) {
      const { status, body } = await order(model);
      expect([status, body.error.code]).toEqual([404, 'model_not_found']);
    }
    expect((await order('its-own')).status).toBe(202);
    await liberal.close();
  });

  test.each([
    ['the relays’ names', { format: 'webp', compression: 80, transparency: true, effort: 'high' }],
    ['nulls', { n: null, size: null, webhook_url: null, deadline: null }],
  ])('with %s is taken', async (_what, fields) => {
    expect((await post({ ...job, ...fields })).status).toBe(202);
  });
});

describe('a form', () => {
  const form = (parts: [string, string | Blob, string?][]): FormData => {
    const made = new FormData();
    for (const [name, value, file] of parts) {
      if (value instanceof Blob) made.append(name, value, file ?? 'f.png');
      else made.append(name, value);
    }
    return made;
  };
  const bytes = (text: string): Blob => new Blob([text], { type: 'image/png' });
  const edit = async (parts: [string, string | Blob, string?][]) =>
    world.call<Failure>('POST', '/v1/images/edits', form(parts));

  test.each<[string, [string, string | Blob, string?][], number, string]>([
    ['without an image', [['prompt', 'x']], 400, 'missing_image'],
    [
      'with an image that is none',
      [
        ['prompt', 'x'],
        ['image', bytes('<html>')],
      ],
      400,
      'unsupported_image_format',
    ],
    [
      'with an empty image',
      [
        ['prompt', 'x'],
        ['image', bytes('')],
      ],
      400,
      'empty_image',
    ],
    [
      'with a file under another name',
      [
        ['prompt', 'x'],
        ['picture', bytes('x')],
      ],
      400,
      'unknown_field',
    ],
    [
      'with a field twice',
      [
        ['prompt', 'x'],
        ['prompt', 'y'],
      ],
      400,
      'duplicate_field',
    ],
    [
      'with an unknown field',
      [
        ['prompt', 'x'],
        ['colour', 'red'],
        ['image', bytes('x')],
      ],
      400,
      'unknown_parameter',
    ],
    [
      'with n in scientific notation',
      [
        ['prompt', 'x'],
        ['n', '1e1'],
        ['image', bytes('x')],
      ],
      400,
      'invalid_parameter',
    ],
    [
      'with two masks',
      [
        ['prompt', 'x'],
        ['image', bytes('x')],
        ['mask', bytes('x')],
        ['mask', bytes('x')],
      ],
      400,
      'too_many_masks',
    ],
    [
      'with 17 images',
      [['prompt', 'x'], ...Array.from({ length: 17 }, (): [string, Blob] => ['image[]', bytes('x')])],
      400,
      'too_many_images',
    ],
    [
      'with 30 images',
      [['prompt', 'x'], ...Array.from({ length: 30 }, (): [string, Blob] => ['image[]', bytes('x')])],
      400,
      'too_many_parts',
    ],
    ['with 50 fields', Array.from({ length: 50 }, (_, i): [string, string] => [`f${i}`, 'x']), 400, 'too_many_parts'],
  ])('%s', async (_what, parts, status, code) => {
    const answer = await edit(parts);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  test.each([
    ['without a boundary', 'multipart/form-data', 'x'],
    [
      'with another boundary',
      'multipart/form-data; boundary=other',
      '--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\nx\r\n--b--\r\n',
    ],
    [
      'that never ends',
      'multipart/form-data; boundary=b',
      '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\nhalf',
    ],
  ])('%s is 400 invalid_multipart', async (_what, type, body) => {
    const answer = await post(body, { 'content-type': type }, '/v1/images/edits');
    expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_multipart']);
  });

  const field = (type: string, text: Buffer | string, name = 'prompt') =>
    Buffer.concat([
      Buffer.from(`--b\r\ncontent-disposition: form-data; name="${name}"\r\n${type}\r\n`),
      Buffer.from(text),
      Buffer.from('\r\n'),
    ]);
  const editOf = async (...parts: Buffer[]) => rawEdit(Buffer.concat([...parts, Buffer.from('--b--\r\n')]));
  const rawEdit = async (body: Buffer) =>
    ask(world, {
      method: 'POST',
      path: '/v1/images/edits',
      headers: { 'content-type': 'multipart/form-data; boundary=b', prefer: 'respond-async' },
      body,
    });
  const ofText = (charset: string) => `content-type: text/plain; ${charset}\r\n`;

  test.each<[string, string, Buffer]>([
    ['in bytes that are no UTF-8', '', Buffer.from([0x41, 0xff, 0xfe, 0x42])],
    ['in bytes that are no UTF-8 and say they are', ofText('charset=utf-8'), Buffer.from([0x41, 0xff, 0xfe, 0x42])],
    ['with a character cut off', '', Buffer.from('é').subarray(0, 1)],
    ['in UTF-16', ofText('charset=utf-16le'), Buffer.from('a mug', 'utf16le')],
    ['in UTF-16 that reads as ASCII', ofText('charset="UTF-16LE"'), Buffer.from('䅁䅁', 'utf16le')],
    ['in Latin-1', ofText('charset=iso-8859-1'), Buffer.from('café', 'latin1')],
    ['in UTF-7', ofText("charset*=us-ascii''utf-7"), Buffer.from('+AGE-')],
    ['in two charsets', ofText('charset=utf-8; charset=utf-16le'), Buffer.from('ab')],
    ['in base64', 'content-transfer-encoding: base64\r\n', Buffer.from('YSBtdWc=')],
  ])('with a prompt %s is 400 invalid_utf8', async (_what, type, text) => {
    const { status, text: answer } = await editOf(field(type, text), field('', 'gpt-image-1', 'model'));
    const { error } = JSON.parse(answer) as Failure;
    expect([status, error.code, error.param]).toEqual([400, 'invalid_utf8', 'prompt']);
  });

  test.each([
    '',
    ofText('charset=utf-8'),
    ofText('charset="UTF-8"'),
    ofText('charset=us-ascii'),
    ofText('format=flowed'),
  ])('with a field of %p in UTF-8 is read as it is', async (type) => {
    const prompt = 'a café 杯子 \ufffd 🫖';
    const { status, text } = await editOf(
      field(type, prompt),
      field('', 'gpt-image-1', 'model'),
      field('', pngOfZeros(64, 64, 3), 'image"; filename="a.png'),
    );
    const { id } = JSON.parse(text) as { id: string };
    const made = await world.call<PresentedJob>('GET', `/v1/jobs/${id}`);
    expect([status, made.body.request.prompt]).toEqual([202, prompt]);
  });

  const halves = [
    [
      'a form',
      '/v1/images/edits',
      'content-type: multipart/form-data; boundary=b\r\n',
      '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\nhalf of it',
    ],
    ['JSON', '/v1/jobs', 'content-type: application/json\r\n', '{"type": "generation"'],
    ['compressed JSON', '/v1/jobs', 'content-type: application/json\r\ncontent-encoding: gzip\r\n', '\x1f'],
  ] as const;
  test.each(halves)(
    'whose client hangs up in the middle of %s, at once or later, leaves the API alive and nothing on its disk',
    async (_what, path, headers, half) => {
      const { hostname, port } = new URL(world.url);
      const hangUp = async (afterMs: number): Promise<void> =>
        new Promise((resolve) => {
          const socket = connect(Number(port), hostname, () => {
            socket.write(
              `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.key}\r\n${headers}content-length: 100000\r\n\r\n${half}`,
              'latin1',
              () => setTimeout(() => socket.destroy(), afterMs),
            );
          });
          socket.on('close', () => resolve());
        });
      await Promise.all(Array.from({ length: 20 }, (_, i) => hangUp(i)));
      expect((await world.call('GET', '/healthz')).status).toBe(200);
      const uploads = `${world.env['RENDERMILL_DATA_DIR']}/uploads`;
      const [own = ''] = await readdir(uploads);
      await until(async () => (await readdir(`${uploads}/${own}`)).length === 0);
    },
  );
});

describe('HTTP itself', () => {
  test('a request for our own host in the absolute form is served', async () => {
    const { host } = new URL(world.url);
    const said = await raw(world.url, [`GET http://${host}/healthz HTTP/1.1`, `Host: ${host}`]);
    expect(said.status).toBe(200);
  });

  test.each(['Content-Type: application/json', 'Idempotency-Key: a'])(
    '%s twice is 400 duplicate_header',
    async (header) => {
      const said = await raw(world.url, ['POST /v1/jobs HTTP/1.1', 'Host: x', header, header]);
      expect(said).toMatchObject({ status: 400, text: expect.stringContaining('"code":"duplicate_header"') });
    },
  );

  test('a client that was refused cannot hold its connection by sending on', async () => {
    const server = createHttpServer((_request, response) => response.writeHead(401).end(), {
      headersTimeout: 60_000,
      requestTimeout: 3_600_000,
      connectionsCheckingInterval: 20,
      keepAliveTimeout: 3_600_000,
      lingerMs: 20,
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
    let said = '';
    socket.on('data', (chunk) => (said += chunk.toString()));
    await once(socket, 'close');
    expect(said).toMatch(/^HTTP\/1\.1 401 /);
    server.close();
  });

  test('what Node refuses by itself has a request id like any other answer', async () => {
    const said = await raw(world.url, 'hello\r\n\r\n');
    expect(said.head).toMatch(/\r\nx-request-id: req_\w+\r\n/);
  });
});
