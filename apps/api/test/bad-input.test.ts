import { gzipSync } from 'node:zlib';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Bad input gets the envelope with a fitting code, costs nothing, and harms nobody. */

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
  test.each<[string, string | Uint8Array, Record<string, string>, number, string]>([
    ['that is empty', '', json, 400, 'empty_body'],
    ['of white space', '  \n', json, 400, 'invalid_json'],
    ['that is null', 'null', json, 400, 'invalid_json'],
    ['that is an array', '[]', json, 400, 'invalid_json'],
    ['that is a string', '"x"', json, 400, 'invalid_json'],
    ['that breaks off', '{"prompt":"x"', json, 400, 'invalid_json'],
    ['with a trailing comma', '{"prompt":"x",}', json, 400, 'invalid_json'],
    ['of two objects', '{}{}', json, 400, 'invalid_json'],
    ['with a raw newline in a string', '{"prompt":"a\nb"}', json, 400, 'invalid_json'],
    [
      'with a byte that is not UTF-8',
      Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
      json,
      400,
      'invalid_utf8',
    ],
    ['in UTF-16', Buffer.from('{"prompt":"x"}', 'utf16le'), json, 400, 'invalid_json'],
    ['nested 100,000 deep', `{"metadata":${'['.repeat(100_000)}`, json, 400, 'invalid_json'],
    ['of 2 MB of JSON', JSON.stringify({ ...job, prompt: 'x'.repeat(2_000_000) }), json, 413, 'payload_too_large'],
    [
      'that is a gzip bomb',
      gzipSync(Buffer.from(`{"prompt":"${'x'.repeat(30_000_000)}"}`)),
      { ...json, 'content-encoding': 'gzip' },
      413,
      'payload_too_large',
    ],
    ['that says gzip and is not', '{"prompt":"x"}', { ...json, 'content-encoding': 'gzip' }, 400, 'bad_encoding'],
    ['in an unknown encoding', '{}', { ...json, 'content-encoding': 'zstd9' }, 415, 'unsupported_encoding'],
    ['of plain text', 'x', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    [
      'of a web form',
      'prompt=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    ['in Latin-1', '{}', { 'content-type': 'application/json; charset=latin1' }, 415, 'unsupported_charset'],
  ])('%s', async (_what, body, headers, status, code) => {
    const answer = await post(body, headers);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  test('in gzip is taken', async () => {
    const { status } = await post(gzipSync(Buffer.from(JSON.stringify(job))), { ...json, 'content-encoding': 'gzip' });
    expect(status).toBe(202);
  });
});

describe('a job', () => {
  test.each<[string, Record<string, unknown>, string, string | null]>([
    ['without a type', { type: undefined }, 'missing_required_parameter', 'type'],
    ['without a prompt', { prompt: undefined }, 'invalid_parameter', 'prompt'],
    ['with an empty prompt', { prompt: '' }, 'invalid_parameter', 'prompt'],
    ['with a blank prompt', { prompt: '   ' }, 'invalid_parameter', 'prompt'],
    ['with a prompt that is a number', { prompt: 7 }, 'invalid_parameter', 'prompt'],
    ['with a NUL in its prompt', { prompt: 'a\u0000b' }, 'invalid_parameter', 'prompt'],
    ['with half a surrogate pair in its prompt', { prompt: 'a\ud800' }, 'invalid_parameter', 'prompt'],
    ['with a prompt longer than the model takes', { prompt: 'x'.repeat(32_001) }, 'invalid_parameter', 'prompt'],
    ['with n 0', { n: 0 }, 'invalid_parameter', 'n'],
    ['with n 11', { n: 11 }, 'invalid_parameter', 'n'],
    ['with n 1.5', { n: 1.5 }, 'invalid_parameter', 'n'],
    ['with n as text', { n: '1' }, 'invalid_parameter', 'n'],
    ['with a size that is none', { size: '1024' }, 'invalid_size', 'size'],
    ['with a size that the model does not make', { size: '1000x1000' }, 'invalid_size', 'size'],
    [
      'with a size of a flexible model that is not a multiple of 16',
      { model: 'gpt-image-2', size: '1000x1000' },
      'invalid_size',
      'size',
    ],
    ['with a quality in capitals', { quality: 'HIGH' }, 'invalid_parameter', 'quality'],
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
    ['with an unknown parameter', { colour: 'red' }, 'unknown_parameter', 'colour'],
    ['that sets its own status', { status: 'completed' }, 'unknown_parameter', 'status'],
    ['that sets its own project', { project: 'other' }, 'unknown_parameter', 'project'],
    [
      'with 17 pairs of metadata',
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'])) },
      'invalid_parameter',
      'metadata',
    ],
    ['with a number in its metadata', { metadata: { a: 1 } }, 'invalid_parameter', 'metadata.a'],
    ['with metadata that is too long', { metadata: { a: 'x'.repeat(513) } }, 'invalid_parameter', 'metadata.a'],
    ['with a custom_id of two lines', { custom_id: 'a\nb' }, 'invalid_parameter', 'custom_id'],
    ['with a custom_id of 513 characters', { custom_id: 'x'.repeat(513) }, 'invalid_parameter', 'custom_id'],
    ['for an account that does not exist', { provider: 'nobody' }, 'invalid_parameter', 'provider'],
    ['with a webhook_url inside the network', { webhook_url: 'https://10.1.2.3/' }, 'invalid_parameter', 'webhook_url'],
    ['with an image for a generation', { image: 'https://example.com/a.png' }, 'invalid_parameter', 'type'],
    ['that is an edit of nothing', { type: 'edit' }, 'missing_image', 'image'],
    [
      'that edits 17 images',
      { type: 'edit', images: Array(17).fill('https://example.com/a.png') },
      'invalid_parameter',
      'images',
    ],
    ['that edits a file of this machine', { type: 'edit', image: 'file:///etc/passwd' }, 'invalid_parameter', 'image'],
    [
      'that edits the metadata service',
      { type: 'edit', image: 'http://169.254.169.254/latest' },
      'invalid_parameter',
      'image',
    ],
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

  test.each([
    ['32,000 characters of prompt', { prompt: 'x'.repeat(32_000) }],
    ['emoji, joiners and right-to-left marks', { prompt: '👩‍🎨 \u202e مرحبا 名前' }],
    ['a SKU with a slash', { custom_id: '12/34 名' }],
    ['a metadata key that JavaScript knows', { metadata: { toString: 'x', constructor: 'y' } }],
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
  /** Raw bytes to the server; the status line and the body of what it says. */
  const raw = async (request: string): Promise<string> => {
    const { hostname, port } = new URL(world.url);
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(Number(port), hostname, () => socket.write(request));
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('end', () => resolve(answer));
      socket.on('error', reject);
    });
  };

  test.each([
    ['garbage', 'hello\r\n\r\n', 400],
    ['an unknown method', 'BREW / HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['16 kB of headers', `GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
    ['two lengths', 'POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}', 400],
  ])('%s gets our envelope and %i', async (_what, request, status) => {
    const answer = await raw(request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('"code":"bad_http"');
  });

  test('a path that does not decode is 400 bad_path', async () => {
    const { status, body } = await world.call<Failure>('GET', '/v1/jobs/%E0%A4%A');
    expect([status, body.error.code]).toEqual([400, 'bad_path']);
  });

  test('no error shows a stack or a path of the server', async () => {
    const answers = await Promise.all([
      post('{'),
      world.call<Failure>('GET', '/v1/jobs/%E0%A4%A'),
      post({ ...job, size: 'x' }),
    ]);
    for (const { body } of answers) expect(JSON.stringify(body)).not.toMatch(/ at .*\.js|node_modules|\/apps\//);
  });
});
