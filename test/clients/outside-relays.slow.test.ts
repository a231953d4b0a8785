import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { until } from '../until.js';
import { createWorld, type World } from '../world.js';
import { picture, sha } from './support.js';

/** Every relay's preset against a provider simulator that this project did not write, with the faults that it has. */
const made = await picture(64);
const model = 'gpt-image-1';
const refusals = [
  [429, 'rate_limit_exceeded'],
  [500, 'server_error'],
  [503, 'model_overloaded'],
] as const;

describe.each(['apiyi', 'laozhang', 'cometapi', 'tuzi', 'bianxie', 'openai-compatible'])('preset %s', (preset) => {
  let mock: LLMock;
  let world: World;
  beforeAll(async () => {
    mock = new LLMock({ port: 0, logLevel: 'silent' });
    for (const [status, code] of refusals) {
      const error = { message: 'not now', type: 'server_error', code };
      const first = { userMessage: `after ${status}`, endpoint: 'image' as const, sequenceIndex: 0 };
      mock.on(first, { error, status });
    }
    mock.onImage(/mug/, { image: { b64Json: made.toString('base64') } });
    world = await createWorld({ account: { preset, base_url: `${await mock.start()}/v1` } });
  });
  afterAll(async () => {
    await world.close();
    await mock.stop();
  });
  beforeEach(() => mock.clearRequests());

  /** The job once it has ended: with its picture, and every call that arrived named in the ledger, none else. */
  async function expectMade(id: string): Promise<PresentedJob> {
    const job = await world.ended(id);
    expect(job).toMatchObject({ status: 'completed', images: [{ sha256: sha(made) }] });
    expect(job.attempts).toHaveLength(mock.getRequests().length);
    return job;
  }

  test('a generation', async () => {
    const job = await expectMade((await world.submit({ model, prompt: 'a mug' })).id);
    expect(job.paid_attempts).toBe(1);
  });

  test('an edit of two images', async () => {
    const image = `data:image/png;base64,${made.toString('base64')}`;
    const { id } = await world.submit({ type: 'edit', model, prompt: 'a mug of two', images: [image, image] });
    expect((await expectMade(id)).attempts.map(({ outcome }) => outcome)).toEqual(['billed']);
    expect(mock.getRequests().map(({ path }) => path)).toEqual(['/v1/images/edits']);
  });

  test.each(refusals.map(([status]) => status))('a %i costs nothing, and the job goes on', async (status) => {
    const job = await expectMade((await world.submit({ model, prompt: `a mug after ${status}` })).id);
    expect(job.attempts.map(({ outcome }) => outcome)).toEqual(['rejected', 'billed']);
    expect(job.paid_attempts).toBe(1);
  });

  test.each([
    ['drops the call', { dropRate: 1 }],
    ['answers what is no JSON', { malformedRate: 1 }],
    ['hangs up', { disconnectRate: 1 }],
  ])('a provider that %s is asked again, under the cap, and each call is named', async (_what, chaos) => {
    mock.setChaos(chaos);
    const { id } = await world.submit({ model, prompt: 'a mug in chaos' });
    await until(() => world.logs.some((line) => line.event === 'job.attempted' && line['job'] === id));
    mock.clearChaos();
    expect((await expectMade(id)).paid_attempts).toBeLessThanOrEqual(2);
  });
});
