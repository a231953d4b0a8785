import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../until.js';
import { createWorld, type World } from '../world.js';
import { createOpenAI, generateImage } from './ai-sdk.mjs';
import { connect, versions, type Counted } from './openai.js';
import { callsFor, expectUntouched, fromBase64, jobsFor, picture } from './support.js';

/** Trouble that passes: an SDK's own retry, without an idempotency key, gets the picture that is being made already. */
let world: World;
beforeAll(async () => {
  world = await createWorld({ env: { SYNC_WAIT_MS: '800' } });
});
afterAll(async () => world.close());

const model = 'gpt-image-1';

/** The provider holds its first answer to this prompt until it is released. */
const hold = async (prompt: string): Promise<void> =>
  world.simulator.faults([{ when: { promptIncludes: prompt }, times: 1, fault: { kind: 'hang_before_headers' } }]);

/** Lets the provider answer once a request of the held job has been answered like this. */
async function releaseAfter(prompt: string, answered: Record<string, unknown>): Promise<void> {
  const wanted = Object.entries(answered);
  await until(async () => {
    const [job] = await jobsFor(world, prompt);
    return world.logs.some((line) => line['job'] === job?.id && wanted.every(([name, value]) => line[name] === value));
  });
  await world.simulator.release();
}

describe.each(versions)('openai $major', (version) => {
  const ask = async (client: Counted['client'], method: 'generate' | 'edit', prompt: string) => {
    if (method === 'generate') return client.images.generate({ model, prompt });
    const image = await version.toFile(await picture(64), 'a.png', { type: 'image/png' });
    return client.images.edit({ model, prompt, image });
  };

  test.each(['generate', 'edit'] as const)('images.%s: a 503 job_in_progress leads back to its job', async (method) => {
    const prompt = `${method} taking long for openai ${version.major}`;
    await hold(prompt);
    const { client, sent } = connect(version, world);
    const released = releaseAfter(prompt, { status: 503 });
    let answer = await ask(client, method, prompt).catch((error: unknown) => error);
    await released;
    if (version.major === 4 && method === 'edit') {
      // The retry of 4 would be a form without a body: it is told not to, and its caller asks again.
      expect(answer).toMatchObject({ status: 503, code: 'job_in_progress' });
      await world.ended((await jobsFor(world, prompt))[0]?.id ?? '');
      answer = await ask(client, method, prompt);
      expect(sent.map(({ retry }) => retry)).toEqual(['0', '0']);
    } else expect(sent.map(({ retry }) => retry)).toEqual(['0', '1']);
    const jobs = await jobsFor(world, prompt);
    expect(jobs).toHaveLength(1);
    const { data } = answer as Awaited<ReturnType<typeof ask>>;
    await expectUntouched(world, jobs, [fromBase64(data?.[0]?.b64_json)]);
    expect((await callsFor(world, prompt)).map(({ charged }) => charged)).toEqual([true]);
  });

  test("the client's own time-out: its retry claims the job that it left", async () => {
    const prompt = `left by openai ${version.major}`;
    await hold(prompt);
    const { client, sent } = connect(version, world);
    const call = client.images.generate({ model, prompt }, { timeout: 400 });
    const [answer] = await Promise.all([call, releaseAfter(prompt, { aborted: true })]);
    expect(sent.length).toBeGreaterThan(1);
    const jobs = await jobsFor(world, prompt);
    expect(jobs).toHaveLength(1);
    await expectUntouched(world, jobs, [fromBase64(answer.data?.[0]?.b64_json)]);
    expect(await callsFor(world, prompt)).toHaveLength(1);
  });

  test('an Idempotency-Key that the caller sends attaches to its job, and is 422 with another body', async () => {
    const { client } = connect(version, world);
    const headers = { 'Idempotency-Key': `order-${version.major}` };
    const prompt = `keyed for openai ${version.major}`;
    const one = await client.images.generate({ model, prompt }, { headers });
    const two = await client.images.generate({ model, prompt }, { headers });
    expect(two.data?.[0]?.b64_json).toBe(one.data?.[0]?.b64_json);
    expect(await callsFor(world, prompt)).toHaveLength(1);
    const other = client.images.generate({ model, prompt: `${prompt}, but blue` }, { headers });
    await expect(other).rejects.toThrow(version.Sdk.UnprocessableEntityError);
  });
});

test.each(['generate', 'edit'])('AI SDK, %s: a 503 job_in_progress leads back to its job', async (operation) => {
  const text = `${operation} taking long for the AI SDK`;
  await hold(text);
  const prompt = operation === 'edit' ? { text, images: [new Uint8Array(await picture(64))] } : text;
  const released = releaseAfter(text, { status: 503 });
  const { images } = await generateImage({
    model: createOpenAI({ baseURL: `${world.url}/v1`, apiKey: world.key }).image(model),
    prompt,
  });
  await released;
  const jobs = await jobsFor(world, text);
  expect(jobs).toHaveLength(1);
  await expectUntouched(
    world,
    jobs,
    images.map(({ uint8Array }) => uint8Array),
  );
  expect(await callsFor(world, text)).toHaveLength(1);
});
