import { isTerminal } from '@rendermill/shared/domain/job';
import type { FoundJob } from '../../use-cases/find-job.js';
import { eventsQuery, streamEvents, type EventStream } from '../event-stream.js';
import type { Context, Route } from '../route.js';
import { errorSchema } from '../schemas.js';
import { find, presentFound, statusOfFound } from './jobs.js';

/**
 * `/v1/jobs/{id}/events`: `job` is the job as it stands, after any change. The stream ends with the job; of one that is
 * retried a new stream tells.
 *
 * An event's number tells the generation, and within it the job's version: 0 while it is a line of a batch that has not
 * begun, the last one where it has ended, whoever holds it then.
 */
const versions = 2 ** 32;
const lastVersion = versions - 1;

function numberOf(found: FoundJob): number {
  if ('job' in found) {
    const { job } = found;
    return job.generation * versions + (isTerminal(job.status) ? lastVersion : job.version + 1);
  }
  const { batch, view } = found;
  if (view.kind === 'record' && !view.again) return view.record.generation * versions + lastVersion;
  return batch.generation * versions;
}

async function events(context: Context): Promise<void> {
  // Before the head is sent: a job that is none is 404.
  await find(context);
  const { id = '' } = context.params;
  let told = -1;
  const look = async ({ after, send }: EventStream): Promise<'ended' | 'goes on'> => {
    const found = await find(context);
    const number = numberOf(found);
    if (number > Math.max(told, after ?? -1)) await send('job', number, { job: presentFound(context, found) });
    told = Math.max(told, number);
    return isTerminal(statusOfFound(found)) ? 'ended' : 'goes on';
  };
  await streamEvents(context, look, (signal) => context.deps.waiter.hear(id, signal));
}

export const jobEventRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/jobs/{id}/events',
    operationId: 'streamJobEvents',
    access: 'jobs:read',
    summary:
      'Server-sent events: `job` (the job after a change, a few times a second at most). Numbered; resumed by Last-Event-ID or ?after=. Ends with the job.',
    tag: 'Jobs',
    query: eventsQuery,
    answers: {
      200: { description: 'The stream.', contentType: 'text/event-stream' },
      404: { description: 'There is no such job.', schema: errorSchema },
    },
    handle: events,
  },
];
