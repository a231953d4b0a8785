import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { faultFacts, type FaultKind, type Simulator } from '../src/index.js';
import {
  decode,
  filesOf,
  firstOf,
  generate,
  generated,
  jsonOf,
  rawGenerate,
  sha256,
  simulateFault,
  statusOf,
} from './support.js';
import { until } from '../../../test/until.js';

/** Asserts that a simulator refuses with a status and an error. */
function refuses(status: number, code: string, more: object = {}) {
  return async (simulator: Simulator): Promise<void> => {
    const response = await generate(simulator);
    expect(response.status).toBe(status);
    expect((await jsonOf(response)).error).toMatchObject({ code, ...more });
    expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
  };
}

function answersPage(status: number, text: string) {
  return async (simulator: Simulator): Promise<void> => {
    const response = await generate(simulator);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain(text);
  };
}

/** What the decoder says of a broken file. */
const unreadable = /png|VipsJpeg|unsupported image format/i;

/** What a client sees of each fault; the compiler misses none. */
const proofs: Record<FaultKind, (simulator: Simulator) => Promise<void>> = {
  rate_limited: async (simulator) => {
    const response = await generate(simulator);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('1');
    expect((await jsonOf(response)).error).toMatchObject({ type: 'input-images', code: 'rate_limit_exceeded' });
  },
  insufficient_quota: refuses(429, 'insufficient_quota', { type: 'insufficient_quota' }),
  billing_hard_limit_reached: refuses(400, 'billing_hard_limit_reached'),
  invalid_api_key: refuses(401, 'invalid_api_key', { message: 'Incorrect API key provided: sk-***abcd.' }),
  insufficient_user_quota: refuses(403, 'insufficient_user_quota', {
    type: 'new_api_error',
    param: '',
    message: expect.stringMatching(/^用户额度不足.* \(request id: req_[0-9a-f]+\)$/),
  }),
  model_not_found: refuses(404, 'model_not_found'),
  moderation_blocked: refuses(400, 'moderation_blocked', {
    type: 'image_generation_user_error',
    moderation_details: { moderation_stage: 'input', categories: ['violence'] },
  }),
  content_policy_violation: refuses(400, 'content_policy_violation'),
  server_error: refuses(500, 'server_error', { type: 'server_error' }),
  json_503: refuses(503, 'slow_down'),
  html_502: answersPage(502, '502 Bad Gateway'),
  html_504: answersPage(504, '504 Gateway Time-out'),
  cloudflare_524: answersPage(524, 'Error code 524'),
  reset_before_headers: async (simulator) => {
    await expect(rawGenerate(simulator)).rejects.toMatchObject({ code: 'ECONNRESET' });
  },
  hang_before_headers: async (simulator) => {
    await expect(rawGenerate(simulator, {}, 100)).rejects.toThrow('quiet');
    await until(() => simulator.stats.held === 0);
    const waiting = generate(simulator);
    await until(() => simulator.stats.held === 1);
    expect(simulator.release()).toBe(1);
    expect((await jsonOf(await waiting)).data).toHaveLength(1);
  },
  reset_in_body: async (simulator) => {
    const { response, body, error } = await rawGenerate(simulator);
    expect(response.statusCode).toBe(200);
    expect(body).toHaveLength(1_000);
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  },
  hang_in_body: async (simulator) => {
    const response = await generate(simulator);
    expect(response.status).toBe(200);
    await until(() => simulator.stats.held === 1);
    expect(simulator.release()).toBe(1);
    expect((await jsonOf(response)).data).toHaveLength(1);
  },
  truncated_body: async (simulator) => {
    const { response, body, error } = await rawGenerate(simulator);
    expect(response.headers['content-length']).toBeUndefined();
    expect([body.length, error]).toEqual([1_000, null]);
    expect(() => JSON.parse(body.toString()) as unknown).toThrow(SyntaxError);
  },
  drip: async (simulator) => {
    const { body, pieces } = await rawGenerate(simulator);
    expect(pieces.length).toBeGreaterThanOrEqual(Math.floor(body.length / 16_384));
    expect((await decode(firstOf(filesOf(JSON.parse(body.toString()))))).width).toBe(256);
  },
  tiny_pieces: async (simulator) => {
    const { response, body, pieces } = await rawGenerate(simulator);
    expect(response.headers['transfer-encoding']).toBe('chunked');
    expect(Math.max(...pieces)).toBeLessThanOrEqual(64);
    expect((await decode(firstOf(filesOf(JSON.parse(body.toString()))))).width).toBe(256);
  },
  ok_with_error: refuses(200, 'rate_limit_exceeded'),
  ok_html: answersPage(200, 'Please log in'),
  ok_empty_body: async (simulator) => {
    const response = await generate(simulator);
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '0', '']);
  },
  ok_empty_data: async (simulator) => expect((await generated(simulator)).data).toEqual([]),
  huge_body: async (simulator) => {
    const response = await generate(simulator);
    let bytes = 0;
    const count = new WritableStream<Uint8Array>({ write: (chunk) => void (bytes += chunk.length) });
    await response.body?.pipeTo(count);
    expect(bytes).toBe(400 * 1024 * 1024);
  },
  task: async (simulator) => {
    const { data } = await generated(simulator);
    expect(firstOf(data)).toMatchObject({ status: 'submitted' });
    const url = `${simulator.url}/tasks/${firstOf(data).task_id}`;
    expect((await jsonOf(await fetch(url))).status).toBe('in_progress');
    let done = await jsonOf(await fetch(url));
    await until(async () => (done = await jsonOf(await fetch(url))).status === 'completed');
    expect(filesOf(done).map(sha256)).toEqual(simulator.ledger[0]?.sha256);
  },
  fewer_images: async (simulator) => {
    expect((await generated(simulator, { n: 3 })).data).toHaveLength(2);
    expect(simulator.ledger[0]).toMatchObject({ n: 3, images: 2, cost_micros: simulator.stats.cost_micros });
  },
  more_images: async (simulator) => expect((await generated(simulator, { n: 2 })).data).toHaveLength(3),
  bad_base64: async (simulator) => {
    const text = firstOf((await generated(simulator)).data).b64_json ?? '';
    expect(text).toMatch(/[*?]/);
    await expect(decode(Buffer.from(text, 'base64'))).rejects.toThrow(unreadable);
  },
  not_an_image: async (simulator) => {
    expect(String(firstOf(filesOf(await generated(simulator))))).toContain('<html>');
  },
  truncated_image: async (simulator) => {
    const file = firstOf(filesOf(await generated(simulator)));
    expect((await sharp(file).metadata()).width).toBe(256);
    await expect(decode(file)).rejects.toThrow(unreadable);
    expect(simulator.ledger[0]?.sha256).toEqual([sha256(file)]);
  },
  wrong_size: async (simulator) => {
    const body = await generated(simulator);
    expect(body.size).toBe('256x256');
    expect(await decode(firstOf(filesOf(body)))).toMatchObject({ width: 128, height: 128 });
  },
  link_not_found: async (simulator) => {
    const { url } = firstOf((await generated(simulator)).data);
    expect((await fetch(url ?? '')).status).toBe(404);
  },
  link_cut: async (simulator) => {
    const { url } = firstOf((await generated(simulator)).data);
    const response = await fetch(url ?? '');
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  },
  link_expired: async (simulator) => {
    const { url } = firstOf((await generated(simulator)).data);
    expect((await fetch(url ?? '')).status).toBe(403);
  },
  data_url_prefix: async (simulator) => {
    const [prefix, base64] = firstOf((await generated(simulator)).data).b64_json?.split(',') ?? [];
    expect(prefix).toBe('data:image/png;base64');
    expect((await decode(Buffer.from(base64 ?? '', 'base64'))).width).toBe(256);
  },
  url_and_b64: async (simulator) => {
    const body = await generated(simulator);
    const linked = await fetch(firstOf(body.data).url ?? '');
    expect(Buffer.from(await linked.arrayBuffer())).toEqual(firstOf(filesOf(body)));
  },
  neither: async (simulator) => {
    expect((await generated(simulator)).data).toEqual([{ revised_prompt: 'A red mug' }]);
  },
  no_usage: async (simulator) => expect(await generated(simulator)).not.toHaveProperty('usage'),
  escaped_slashes: async (simulator) => {
    const { body } = await rawGenerate(simulator);
    expect(/[^\\]\//.test(body.toString())).toBe(false);
    expect((await decode(firstOf(filesOf(JSON.parse(body.toString()))))).width).toBe(256);
  },
  pretty_json: async (simulator) => {
    const { body } = await rawGenerate(simulator);
    expect(body.toString()).toMatch(/^\{\n {4}"created": \d+,\n {4}"data": \[/);
    expect((await decode(firstOf(filesOf(JSON.parse(body.toString()))))).width).toBe(256);
  },
};

describe('each fault over HTTP', () => {
  test.each(Object.keys(faultFacts).filter((name): name is FaultKind => name in proofs))('%s', async (kind) => {
    const simulator = await simulateFault({ kind });
    await proofs[kind](simulator);
    await until(() => simulator.stats.in_flight === 0);
    const { charged } = faultFacts[kind];
    expect(simulator.ledger[0]).toMatchObject({ outcome: kind, charged });
    expect((simulator.ledger[0]?.cost_micros ?? 0) > 0).toBe(charged);
  });

  test('a refusal may be charged', async () => {
    const simulator = await simulateFault({ kind: 'server_error', charge: true });
    expect(await statusOf(simulator)).toBe(500);
    expect(simulator.ledger[0]?.charged).toBe(true);
  });

  test('a reset may come before the render and its charge', async () => {
    const simulator = await simulateFault({ kind: 'reset_before_headers', charge: false });
    await expect(rawGenerate(simulator)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await until(() => simulator.stats.in_flight === 0);
    expect(simulator.ledger[0]).toMatchObject({ charged: false, cost_micros: 0, images: 0, status: null });
  });
});

describe('parameters of faults', () => {
  test('a rate limit without Retry-After', async () => {
    const simulator = await simulateFault({ kind: 'rate_limited', header: false, retryAfterMs: 12_000 });
    const response = await generate(simulator);
    expect(response.headers.get('retry-after')).toBeNull();
    expect((await jsonOf(response)).error?.message).toContain('Please try again in 12s.');
  });

  test('a rate limit that tells no time at all', async () => {
    const simulator = await simulateFault({ kind: 'rate_limited', retryAfterMs: null });
    const response = await generate(simulator);
    expect(response.headers.get('retry-after')).toBeNull();
    expect((await jsonOf(response)).error?.message).not.toContain('try again');
  });

  test('a model that no channel of a relay has', async () => {
    const simulator = await simulateFault({ kind: 'model_not_found', status: 503 });
    const response = await generate(simulator);
    expect(response.status).toBe(503);
    expect((await jsonOf(response)).error).toMatchObject({ type: 'new_api_error', code: 'model_not_found' });
  });

  test('a truncated body that promised its whole length', async () => {
    const simulator = await simulateFault({ kind: 'truncated_body', framing: 'content-length', afterBytes: 5_000 });
    const { response, body, error } = await rawGenerate(simulator);
    expect(Number(response.headers['content-length'])).toBeGreaterThan(5_000);
    expect(body).toHaveLength(5_000);
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  test('a body that hangs stays silent after its bytes', async () => {
    const simulator = await simulateFault({ kind: 'hang_in_body', afterBytes: 4_321 });
    const { body, error } = await rawGenerate(simulator, {}, 100);
    expect([body.length, error?.message]).toEqual([4_321, 'quiet']);
  });

  test('a link that works at its second fetch', async () => {
    const simulator = await simulateFault({ kind: 'link_not_found', fetches: 1 });
    const { url } = firstOf((await generated(simulator)).data);
    expect([(await fetch(url ?? '')).status, (await fetch(url ?? '')).status]).toEqual([404, 200]);
  });

  test('a delay of its own', async () => {
    const simulator = await simulateFault({ kind: 'server_error', delayMs: 80 });
    const before = performance.now();
    await generate(simulator);
    expect(performance.now() - before).toBeGreaterThanOrEqual(75);
  });

  test('fewer images than one is none, free of image tokens', async () => {
    const simulator = await simulateFault({ kind: 'fewer_images' });
    const body = await generated(simulator, { n: 1 });
    expect(body.data).toEqual([]);
    expect(body.usage?.output_tokens).toBe(0);
  });
});

describe('close', () => {
  test('ends what hangs, what drips and what waits', async () => {
    const hanging = await simulateFault({ kind: 'hang_before_headers' });
    const dripping = await simulateFault({ kind: 'drip', everyMs: 5_000 });
    const waiting = await simulateFault({ kind: 'server_error', delayMs: 60_000 });
    const calls = [hanging, dripping, waiting].map(async (simulator) => await (await generate(simulator)).text());
    const outcomes = Promise.allSettled(calls);
    await until(() => [hanging, dripping, waiting].every((simulator) => simulator.stats.in_flight === 1));
    await Promise.all([hanging.close(), dripping.close(), waiting.close()]);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
