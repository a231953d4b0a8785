import { LLMock } from '@copilotkit/aimock';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../world.js';
import { connect, versions } from './openai.js';
import { deliveryTo, fromBase64, headersOf, jobOf, picture, read, sha } from './support.js';

/** Both ends by others: OpenAI's SDKs on one side, a provider simulator that this project did not write on the other. */
let mock: LLMock;
let world: World;
let made: Buffer;
beforeAll(async () => {
  made = await picture(64);
  mock = new LLMock({ port: 0, logLevel: 'silent' });
  const image = { b64Json: made.toString('base64') };
  const refusal = (status: number, type: string, code: string) => ({ error: { message: code, type, code }, status });
  mock
    .onImage(/mug/, { image })
    .onImage(/pair/, { images: [image, image] })
    .on(
      { userMessage: /forbidden/, endpoint: 'image' },
      refusal(400, 'image_generation_user_error', 'moderation_blocked'),
    )
    .on({ userMessage: /locked/, endpoint: 'image' }, refusal(401, 'invalid_request_error', 'invalid_api_key'));
  world = await createWorld({ account: { base_url: `${await mock.start()}/v1` } });
});
// Each test meets an account in good standing, whatever the one before did to it.
afterEach(async () => world.redis.unlink(`${world.prefix}account:sim:park`));
afterAll(async () => {
  await world.close();
  await mock.stop();
});

const model = 'gpt-image-1';
const callsWith = (prompt: string): (string | undefined)[] =>
  mock
    .getRequests()
    .filter(({ body }) => JSON.stringify(body).includes(prompt))
    .map(({ path }) => path);

/** What the client got, what lies in the store and what the provider sent are one. */
async function expectMade(response: Response, data: readonly { b64_json?: string }[] = []): Promise<void> {
  const job = await jobOf(world, response.headers);
  const stored = await Promise.all(job.images.map(async ({ key }) => read(world, key)));
  const wanted = data.map(() => sha(made));
  expect(wanted.length).toBeGreaterThan(0);
  expect(stored.map(sha)).toEqual(wanted);
  expect(data.map(({ b64_json }) => sha(fromBase64(b64_json)))).toEqual(wanted);
}

describe.each(versions)('openai $major and an outside provider', (version) => {
  const images = () => connect(version, world, { maxRetries: 0 }).client.images;
  const file = async (name: string, alpha?: number) =>
    version.toFile(await picture(64, alpha), name, { type: 'image/png' });

  test.each([
    ['one picture', 'a mug', 1],
    ['two in one call', 'a pair', 2],
  ])('generate: %s', async (_what, subject, n) => {
    const prompt = `${subject} by ${version.major}`;
    const { data, response } = await images().generate({ model, prompt, n }).withResponse();
    expect(data.data).toHaveLength(n);
    await expectMade(response, data.data);
    expect(callsWith(prompt)).toEqual(['/v1/images/generations']);
  });

  test('edit: four images', async () => {
    const prompt = `one mug of four by ${version.major}`;
    const four = await Promise.all(['a', 'b', 'c', 'd'].map(async (name) => file(`${name}.png`)));
    const { data, response } = await images().edit({ model, prompt, image: four }).withResponse();
    await expectMade(response, data.data);
    expect((await jobOf(world, response.headers)).request).toMatchObject({ prompt });
    expect(callsWith(prompt)).toEqual(['/v1/images/edits']);
  });

  test('edit: with a mask', async () => {
    const prompt = `a masked mug by ${version.major}`;
    const [image, mask] = [await file('photo.png'), await file('mask.png', 0)];
    const { data, response } = await images().edit({ model, prompt, image, mask }).withResponse();
    await expectMade(response, data.data);
    expect(callsWith(prompt)).toEqual(['/v1/images/edits']);
  });

  test('what the provider refuses is an error of the right class, and asked for once', async () => {
    const prompt = `forbidden to ${version.major}`;
    const refused = images().generate({ model, prompt });
    await expect(refused).rejects.toBeInstanceOf(version.Sdk.BadRequestError);
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'moderation_blocked' });
    expect(callsWith(prompt)).toHaveLength(1);
  });

  test('a key that the provider refuses is a fault behind us, with its reason', async () => {
    const locked = images().generate({ model, prompt: `locked for ${version.major}` });
    await expect(locked).rejects.toBeInstanceOf(version.Sdk.InternalServerError);
    await expect(locked).rejects.toMatchObject({ code: expect.stringMatching(/^provider_/) });
  });

  if (version.unwraps) {
    test('a webhook of its job verifies', async () => {
      const path = `/outside-${version.major}`;
      await world.submit({ prompt: 'a mug', webhook_url: world.receiver.url + path });
      const delivery = await deliveryTo(world, path);
      const { body } = await world.call<{ signing_secret: string }>('GET', '/v1/webhook_secret');
      const { webhooks } = connect(version, world).client;
      expect(await webhooks.unwrap(delivery.body, headersOf(delivery), body.signing_secret)).toEqual(delivery.event);
    });
  }
});
