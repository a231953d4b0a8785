import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { body, type Failure, type Images } from '../../../test/image-calls.js';
import { createWorld, type World } from '../../../test/world.js';

/** What a provider's faults come to for who asked: the answer, and what was paid. */

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

const generate = async <T = Images>(more: Record<string, unknown> = {}) =>
  world.call<T>('POST', '/v1/images/generations', { ...body, ...more });
const jobOf = async (headers: Headers) =>
  (await world.call<PresentedJob>('GET', `/v1/jobs/${headers.get('x-rendermill-job')}`)).body;
const callsFor = async (prompt: string) => (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt);
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

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
