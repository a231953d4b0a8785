import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { until } from '../../../test/until.js';
import { createWorld, type Answer, type World } from '../../../test/world.js';

interface Images {
  created: number;
  data: { b64_json?: string; url?: string; revised_prompt?: string }[];
  size?: string;
  quality?: string;
  output_format?: string;
  background?: string;
  usage?: { total_tokens: number };
}
interface Failure {
  error: { message: string; type: string; param: string | null; code: string };
}

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

const body = { model: 'gpt-image-1', quality: 'low', prompt: 'a blue vase' };
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

describe('a job that fails', () => {
  // Each case meets an account in good standing, whatever it did to it.
  afterEach(async () => world.redis.unlink(...['park', 'circuit'].map((why) => `${world.prefix}account:sim:${why}`)));

  test.each([
    ['moderation_blocked', 400, 'moderation_blocked', 0],
    ['content_policy_violation', 400, 'content_policy_violation', 0],
    ['insufficient_quota', 503, 'provider_quota_exhausted', 0],
    ['billing_hard_limit_reached', 503, 'provider_quota_exhausted', 0],
    ['insufficient_user_quota', 503, 'provider_quota_exhausted', 0],
    ['invalid_api_key', 502, 'provider_unavailable', 0],
    ['model_not_found', 503, 'no_provider_for_model', 0],
    ['ok_html', 502, 'bad_provider_response', 2],
    ['ok_empty_body', 502, 'bad_provider_response', 2],
    ['ok_empty_data', 502, 'bad_provider_response', 2],
    ['bad_base64', 502, 'bad_provider_response', 2],
    ['not_an_image', 502, 'bad_provider_response', 2],
    ['truncated_image', 502, 'bad_provider_response', 2],
    ['neither', 502, 'bad_provider_response', 2],
    ['huge_body', 502, 'bad_provider_response', 2],
    ['reset_before_headers', 502, 'outcome_unknown', 2],
    ['reset_in_body', 502, 'outcome_unknown', 2],
    ['html_504', 502, 'outcome_unknown', 2],
    ['cloudflare_524', 502, 'outcome_unknown', 2],
  ] as const)(
    'by %s is answered %i %s with x-should-retry: false, after %i paid attempts',
    async (kind, status, code, paid) => {
      const prompt = `fails by ${kind}`;
      await world.simulator.faults([{ when: { promptIncludes: prompt }, fault: { kind } }]);
      const answer = await generate<Failure>({ prompt });
      expect([answer.status, answer.body.error.code]).toEqual([status, code]);
      if (status >= 500) expect(answer.headers.get('x-should-retry')).toBe('false');
      const job = await jobOf(answer.headers);
      expect(job).toMatchObject({ status: 'failed', error: { code }, paid_attempts: paid });
      const charged = (await callsFor(prompt)).filter((entry) => entry.charged).length;
      expect(charged).toBeLessThanOrEqual(paid);
    },
  );
});

describe('a failure that passes', () => {
  test.each([
    ['rate_limited', 0],
    ['server_error', 0],
    ['json_503', 0],
    ['html_502', 1],
    ['reset_in_body', 1],
    ['not_an_image', 1],
    ['truncated_body', 1],
  ] as const)('%s once: the job completes, with %i paid attempts before', async (kind, before) => {
    const prompt = `passes ${kind}`;
    await world.simulator.faults([{ when: { promptIncludes: prompt }, times: 1, fault: { kind } }]);
    const { status, headers } = await generate({ prompt });
    const job = await jobOf(headers);
    expect([status, job.status, job.paid_attempts]).toEqual([200, 'completed', before + 1]);
    expect((await callsFor(prompt)).length).toBe(2);
  });

  test.each([
    'data_url_prefix',
    'url_and_b64',
    'escaped_slashes',
    'pretty_json',
    'tiny_pieces',
    'more_images',
    'no_usage',
    'wrong_size',
  ] as const)('%s is no failure at all', async (kind) => {
    const prompt = `odd ${kind}`;
    await world.simulator.faults([{ when: { promptIncludes: prompt }, fault: { kind } }]);
    const { status, body: answer } = await generate({ prompt, response_format: 'b64_json' });
    expect([status, answer.data.length]).toEqual([200, 1]);
    const [call] = await callsFor(prompt);
    expect(call?.sha256).toContain(sha(Buffer.from(answer.data[0]?.b64_json ?? '', 'base64')));
  });

  test('fewer pictures than asked: the missing ones are bought, the good ones are not bought again', async () => {
    await world.simulator.faults([
      { when: { promptIncludes: 'one short' }, times: 1, fault: { kind: 'fewer_images' } },
    ]);
    const { status, headers, body: answer } = await generate({ prompt: 'one short', n: 3 });
    expect([status, answer.data.length]).toEqual([200, 3]);
    expect((await callsFor('one short')).map(({ n }) => n)).toEqual([3, 1]);
    expect((await jobOf(headers)).paid_attempts).toBe(2);
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

describe('a call that is held too long', () => {
  let impatient: World;
  beforeAll(async () => {
    impatient = await createWorld({ env: { SYNC_WAIT_MS: '700' } });
  });
  afterAll(async () => impatient.close());
  const ask = async (prompt: string, headers: Record<string, string> = {}) =>
    impatient.call<Failure & Images>('POST', '/v1/images/generations', { ...body, prompt }, headers);

  /** What it comes to, asked again for as long as that takes. */
  const outcome = async (prompt: string): Promise<Answer<Failure & Images>> => {
    for (;;) {
      const answer = await ask(prompt);
      if (answer.status === 200 || answer.body.error.code !== 'job_in_progress') return answer;
    }
  };

  test('is 503 job_in_progress; the same request again gets the same job, and nothing is bought twice', async () => {
    await impatient.simulator.faults([
      { when: { promptIncludes: 'slow' }, times: 1, fault: { kind: 'hang_before_headers' } },
    ]);
    const first = await ask('slow one');
    expect([first.status, first.body.error.code, first.headers.get('retry-after')]).toEqual([
      503,
      'job_in_progress',
      '1',
    ]);
    expect(first.headers.get('x-should-retry')).toBeNull();
    await impatient.simulator.release();
    const second = await ask('slow one');
    expect([second.status, second.headers.get('x-rendermill-job')]).toEqual([
      200,
      first.headers.get('x-rendermill-job'),
    ]);
    const third = await ask('slow one');
    expect(third.headers.get('x-rendermill-job')).not.toBe(first.headers.get('x-rendermill-job'));
    expect((await impatient.simulator.ledger()).filter(({ prompt }) => prompt === 'slow one')).toHaveLength(2);
  });

  test('says so where its only account is parked, and why', async () => {
    await impatient.simulator.faults([{ times: 1, fault: { kind: 'insufficient_quota' } }]);
    expect((await outcome('finds the purse empty')).body.error.code).toBe('provider_quota_exhausted');
    const { status, body: answer } = await ask('comes after');
    expect([status, answer.error.code]).toEqual([503, 'job_in_progress']);
    expect(answer.error.message).toMatch(/waiting: the account sim is parked until \S+Z \(provider_quota_exhausted: /);
    await impatient.redis.unlink(`${impatient.prefix}account:sim:park`);
    expect((await outcome('comes after')).status).toBe(200);
  });

  test('says so where only its model is parked there', async () => {
    const message = 'The quota of gpt-image-1 is used up.';
    const fault = { kind: 'ok_with_error', code: 'insufficient_user_quota', message, charge: false } as const;
    await impatient.simulator.faults([{ times: 1, fault }]);
    expect((await outcome('finds the quota used up')).body.error.code).toBe('provider_quota_exhausted');
    const { body: answer } = await ask('comes later');
    expect(answer.error.message).toMatch(/waiting: gpt-image-1 at the account sim is parked until \S+Z \(/);
    await impatient.redis.unlink(`${impatient.prefix}account:sim:model:gpt-image-1:park`);
    expect((await outcome('comes later')).status).toBe(200);
  });

  test('may be left by its client and claimed by the next identical request', async () => {
    await impatient.simulator.faults([
      { when: { promptIncludes: 'left' }, times: 1, fault: { kind: 'hang_before_headers' } },
    ]);
    const leaving = new AbortController();
    const gone = fetch(`${impatient.url}/v1/images/generations`, {
      method: 'POST',
      signal: leaving.signal,
      headers: { authorization: `Bearer ${impatient.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, prompt: 'left alone' }),
    }).catch(() => 'aborted');
    // A call is answered a moment before its job ends: that of the test before may still be in progress.
    const started = async () =>
      (await impatient.call<{ data: PresentedJob[] }>('GET', '/v1/jobs?status=in_progress')).body.data.find(
        ({ request }) => request.prompt === 'left alone',
      );
    await until(async () => (await started()) !== undefined);
    const id = (await started())?.id;
    leaving.abort();
    expect(await gone).toBe('aborted');
    await until(() => impatient.logs.some((line) => line.event === 'request.answered' && line['aborted'] === true));
    // What is not held yet would not be let go.
    await until(async () => (await impatient.simulator.stats()).held === 1);
    await impatient.simulator.release();
    await until(async () => (await impatient.redis.hget(`${impatient.prefix}job:${id}`, 'holder')) === '');
    const next = await ask('left alone');
    expect([next.status, next.headers.get('x-rendermill-job')]).toEqual([200, id]);
  });

  test('two equal requests at once are two jobs: two equal prompts are two pictures', async () => {
    const [one, two] = await Promise.all([ask('twins'), ask('twins')]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(one.headers.get('x-rendermill-job')).not.toBe(two.headers.get('x-rendermill-job'));
  });

  test('with an Idempotency-Key attaches to its job, running or ended', async () => {
    const key = { 'idempotency-key': 'k-1' };
    await impatient.simulator.faults([
      { when: { promptIncludes: 'keyed' }, times: 1, fault: { kind: 'hang_before_headers' } },
    ]);
    const first = await ask('keyed', key);
    expect(first.status).toBe(503);
    await impatient.simulator.release();
    const second = await ask('keyed', key);
    const third = await ask('keyed', key);
    expect([second.status, third.status]).toEqual([200, 200]);
    expect(new Set([first, second, third].map(({ headers }) => headers.get('x-rendermill-job'))).size).toBe(1);
    expect(second.body.data).toEqual([{ ...third.body.data[0], url: expect.any(String) }]);
    expect((await ask('keyed, other body', key)).body.error.code).toBe('idempotency_key_reused');
  });
});
