import { expect } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { fc } from '../../../../test/properties.js';
import type { World } from '../../../../test/world.js';
import { again, isEnd, kinds, newJob, see, type Kind, type Model, type ModelJob } from './job-model.js';

/** What a user may ask of jobs, in any order: each asks the real thing and holds its answer against the model. */

export interface Real {
  readonly world: World;
  /** Answers that were had: what is never asked for is not tested. */
  readonly reached: Set<string>;
  /** Of this run: stands in prompts and keys. */
  readonly run: number;
}

type Command = fc.AsyncCommand<Model, Real>;
interface Failure {
  readonly error: { readonly code: string };
}

/** The same prompt for the same key, so that a repeat is one. */
function bodyOf({ run }: Real, { jobs }: Model, kind: Kind, n: number, key: string | null): Record<string, unknown> {
  const prompt = `${kind} ${run} ${key ?? `number ${jobs.length}`} of ${n}`;
  const deadline = kind === 'late' ? { deadline: 1 } : {};
  const more = { size: '1024x1024', quality: 'low', on_unknown_outcome: 'fail' };
  return { type: 'generation', model: 'gpt-image-1', prompt, n, ...more, ...deadline };
}

function create(kind: Kind, n: number, name: string | null): Command {
  return {
    check: () => true,
    toString: () => `create(${kind}, ${n}, ${name})`,
    run: async (model, real) => {
      const key = name === null ? null : `${name}-${real.run}`;
      const body = bodyOf(real, model, kind, n, key);
      const answer = await real.world.call<PresentedJob & Failure>(
        'POST',
        '/v1/jobs',
        body,
        key === null ? {} : { 'idempotency-key': key },
      );
      const before = key === null ? undefined : model.keys.get(key);
      real.reached.add(`create ${answer.status}${before ? ' repeated' : ''}`);
      if (before && before.body !== JSON.stringify(body)) {
        expect([answer.status, answer.body.error.code]).toEqual([422, 'idempotency_key_reused']);
        return;
      }
      expect(answer.status).toBe(202);
      if (before) {
        expect(answer.body.id).toBe(before.id);
      } else {
        expect(model.jobs.map(({ id }) => id)).not.toContain(answer.body.id);
        model.jobs.push(newJob(answer.body.id, kind, n, String(body['prompt'])));
        if (key !== null) model.keys.set(key, { body: JSON.stringify(body), id: answer.body.id });
      }
      const job = model.jobs.find(({ id }) => id === answer.body.id);
      if (job) see(job, answer.body);
    },
  };
}

/** A command on one of the jobs there are. */
function on(name: string, pick: number, run: (job: ModelJob, real: Real) => Promise<void>): Command {
  return {
    check: ({ jobs }) => jobs.length > 0,
    toString: () => `${name}(${pick})`,
    run: async ({ jobs }, real) => {
      const job = jobs[pick % jobs.length];
      if (job) await run(job, real);
    },
  };
}

const pathOf = ({ id }: ModelJob): string => `/v1/jobs/${id}`;

const get = async (job: ModelJob, { world }: Real, query = ''): Promise<void> => {
  const { status, body } = await world.call<PresentedJob>('GET', pathOf(job) + query);
  expect(status).toBe(200);
  see(job, body);
};

/** One that nobody holds up comes to its end. */
const wait = async (job: ModelJob, real: Real): Promise<void> => {
  if (job.kind === 'held') return get(job, real);
  while (job.ended === null) await get(job, real, '?wait=20');
};

const cancel = async (job: ModelJob, real: Real): Promise<void> => {
  const { status, headers, body } = await real.world.call<PresentedJob & Failure>('POST', `${pathOf(job)}/cancel`);
  real.reached.add(`cancel ${status === 409 ? 'refused' : 'taken'}`);
  if (job.ended !== null) expect(status).toBe(409);
  if (status === 409) {
    expect([body.error.code, headers.get('x-should-retry')]).toEqual(['job_not_cancellable', 'false']);
    await get(job, real);
    expect(job.ended).not.toBeNull();
    return;
  }
  job.cancelAsked = true;
  see(job, body);
  // Won at once, or asked for; in which case it may have ended by now, either way.
  if (status === 200) expect(job.ended).toBe('cancelled');
  else expect([status, body.cancel_requested === true || isEnd(body.status)]).toEqual([202, true]);
};

const retry =
  (key: string | null) =>
  async (job: ModelJob, real: Real): Promise<void> => {
    const headers: Record<string, string> = key === null ? {} : { 'idempotency-key': `${key}-${job.id}` };
    const known = key !== null && job.retries.has(key);
    const answer = await real.world.call<PresentedJob & Failure>('POST', `${pathOf(job)}/retry`, undefined, headers);
    real.reached.add(`retry ${answer.status}${known ? ' repeated' : ''}`);
    if (known) {
      expect(answer.status).toBe(202);
      see(job, answer.body);
      return;
    }
    // Where its end is known, so is the answer: it is run again if something of it is missing.
    if (job.ended !== null)
      expect([job.ended, job.images, answer.status]).toEqual([job.ended, job.images, job.images < job.n ? 202 : 409]);
    if (answer.status === 409) {
      expect(answer.body.error.code).toBe('job_not_retryable');
      return;
    }
    expect(answer.status).toBe(202);
    again(job);
    if (key !== null) job.retries.add(key);
    see(job, answer.body);
  };

const list: Command = {
  check: () => true,
  toString: () => 'list()',
  run: async ({ jobs }, { world }) => {
    const { body } = await world.call<{ data: PresentedJob[] }>('GET', '/v1/jobs?limit=100');
    for (const job of jobs) {
      const found = body.data.filter(({ id }) => id === job.id);
      expect([job.prompt, found.length]).toEqual([job.prompt, 1]);
      if (found[0]) see(job, found[0]);
    }
  },
};

const release: Command = {
  check: ({ jobs }) => jobs.some(({ kind }) => kind === 'held'),
  toString: () => 'release()',
  run: async ({ jobs }, { world }) => {
    for (const job of jobs) job.free = true;
    await world.simulator.release();
  },
};

export const jobCommands: fc.Arbitrary<Command>[] = [
  fc
    .tuple(
      fc.constantFrom<Kind>(...kinds, 'good', 'held', 'refused'),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(null, null, 'a', 'b'),
    )
    .map(([kind, n, key]) => create(kind, n, key)),
  fc.nat(20).map((pick) => on('get', pick, get)),
  fc.nat(20).map((pick) => on('wait', pick, wait)),
  fc.nat(20).map((pick) => on('cancel', pick, cancel)),
  fc.tuple(fc.nat(20), fc.constantFrom(null, 'again')).map(([pick, key]) => on(`retry ${key}`, pick, retry(key))),
  fc.constant(list),
  fc.constant(release),
];
