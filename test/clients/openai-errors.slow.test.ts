import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../world.js';
import { connect, versions } from './openai.js';
import { callsFor, jobsFor } from './support.js';

/** Failures that will not get better: the right class, OpenAI's keys, and one HTTP request, so no second purchase. */
let world: World;
let idle: World;
beforeAll(async () => {
  [world, idle] = await Promise.all([createWorld(), createWorld({ worker: false })]);
  await world.simulator.faults([
    { when: { promptIncludes: 'violence' }, fault: { kind: 'moderation_blocked' } },
    { when: { promptIncludes: 'useless' }, fault: { kind: 'not_an_image' } },
    { when: { promptIncludes: 'no longer sold' }, fault: { kind: 'model_not_found' } },
  ]);
});
afterAll(async () => Promise.all([world.close(), idle.close()]));

const model = 'gpt-image-1';

/** The fields of an APIError; version 4 spells the request's id its own way. */
interface Thrown {
  status: number;
  code: string;
  param: string | null;
  type: string;
  message: string;
  requestID?: string;
  request_id?: string;
}

describe.each(versions)('openai $major', (version) => {
  test.each([
    ['violence', {}, 'BadRequestError', 400, 'moderation_blocked', null, 0],
    ['an impossible size', { size: '1000x1000' }, 'BadRequestError', 400, 'invalid_size', 'size', 0],
    ['an unknown parameter', { colour: 'red' }, 'BadRequestError', 400, 'unknown_parameter', 'colour', 0],
    ['a wrong key', { apiKey: 'rm_live_wrong' }, 'AuthenticationError', 401, 'invalid_api_key', null, 0],
    ['an unknown model', { model: 'gpt-image-99' }, 'NotFoundError', 404, 'model_not_found', 'model', 0],
    ['useless answers, all paid', {}, 'InternalServerError', 502, 'bad_provider_response', null, 2],
    ['a model no longer sold', {}, 'InternalServerError', 503, 'no_provider_for_model', null, 0],
  ] as const)('%s, %j: %s %i %s', async (title, more, name, status, code, param, charged) => {
    const prompt = `${title}, to openai ${version.major}`;
    const { apiKey, ...body } = { apiKey: world.key, ...more };
    const { client, sent } = connect(version, world, { apiKey });
    const call = client.images.generate({ model, prompt, ...body });
    const thrown: unknown = await call.catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(version.Sdk[name]);
    const error = thrown as Thrown;
    expect(error).toMatchObject({ status, code, param, type: expect.stringMatching(/_error$/) });
    expect(error.message).toMatch(new RegExp(`^${status} \\S`));
    const id = error.requestID ?? error.request_id;
    const line = world.logs.find((one) => one.event === 'request.answered' && one['request_id'] === id);
    expect(line).toMatchObject({ status });
    expect(sent).toHaveLength(1);
    expect((await callsFor(world, prompt)).filter((entry) => entry.charged)).toHaveLength(charged);
  });

  test('a job that is cancelled under its held call: ConflictError 409 cancelled, asked for once', async () => {
    const prompt = `cancelled under openai ${version.major}`;
    const { client, sent } = connect(version, idle);
    const held = client.images.generate({ model, prompt }).catch((error: unknown) => error);
    let [job] = await jobsFor(idle, prompt);
    while (!job) [job] = await jobsFor(idle, prompt);
    await idle.call('POST', `/v1/jobs/${job.id}/cancel`);
    const thrown = await held;
    expect(thrown).toBeInstanceOf(version.Sdk.ConflictError);
    expect(thrown).toMatchObject({ code: 'cancelled' });
    expect(sent).toHaveLength(1);
  });

  test('models.list and models.retrieve tell what can be bought, and until when', async () => {
    const { client } = connect(version, world);
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toEqual(expect.arrayContaining(['gpt-image-2', 'gpt-image-1']));
    expect(await client.models.retrieve('gpt-image-1')).toMatchObject({
      id: 'gpt-image-1',
      object: 'model',
      owned_by: 'openai',
      shutdown_date: '2026-10-23',
    });
    await expect(client.models.retrieve('gpt-image-99')).rejects.toThrow(version.Sdk.NotFoundError);
  });
});
