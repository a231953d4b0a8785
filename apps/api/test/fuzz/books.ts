import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { BatchAnswer } from '../../../../test/batch-calls.js';
import type { World } from '../../../../test/world.js';

/** What a project has ordered, once all of it has ended: what still runs is cancelled. */

type Call = World['call'];

async function all<T extends { readonly id: string }>(call: Call, path: string): Promise<T[]> {
  const found: T[] = [];
  for (let after = ''; ; after = `&after=${found.at(-1)?.id}`) {
    const { body } = await call<{ data: T[]; has_more: boolean }>('GET', `${path}?limit=100${after}`);
    found.push(...body.data);
    if (!body.has_more) return found;
  }
}

/** Those of batches are not among them. */
export async function endedJobs(call: Call): Promise<PresentedJob[]> {
  const jobs = (await all<PresentedJob>(call, '/v1/jobs')).filter(({ batch_id }) => batch_id === null);
  return Promise.all(
    jobs.map(async ({ id, completed_at }) => {
      if (completed_at === null) await call('POST', `/v1/jobs/${id}/cancel`);
      return (await ended<PresentedJob>(call, `/v1/jobs/${id}`)).body;
    }),
  );
}

export async function endedLines(call: Call): Promise<PresentedJob[]> {
  const batches = await all<BatchAnswer>(call, '/v1/batches');
  const lines = batches.map(async ({ id }) => {
    await call('POST', `/v1/batches/${id}/cancel`);
    await ended<BatchAnswer>(call, `/v1/batches/${id}`);
    return all<PresentedJob>(call, `/v1/batches/${id}/jobs`);
  });
  return (await Promise.all(lines)).flat();
}

async function ended<T>(call: Call, path: string) {
  for (;;) {
    const answer = await call<T & { status: string }>('GET', `${path}?wait=20`);
    if (['completed', 'failed', 'cancelled', 'expired'].includes(answer.body.status)) return answer;
  }
}
