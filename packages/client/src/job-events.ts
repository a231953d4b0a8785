import { isEnded } from './batch-events.js';
import type { Caller } from './caller.js';
import { follow, type FollowOptions } from './follow.js';
import type { Job } from './types.js';

/** A job as it changes. */

export interface JobEvent {
  readonly type: 'job';
  readonly sequence: number;
  readonly job: Job;
}

export function followJob(caller: Caller, id: string, options: FollowOptions): AsyncGenerator<JobEvent> {
  const call = { params: { id }, signal: options.signal };
  return follow<JobEvent>(
    {
      open: async (query) => caller.raw('/v1/jobs/{id}/events', { ...call, query }),
      read: (event, data) => (event === 'job' ? { type: 'job', ...(data as { sequence: number; job: Job }) } : null),
      isLast: ({ job }) => isEnded(job),
      isOver: async () => isEnded(await caller.get('/v1/jobs/{id}', call)),
    },
    options,
  );
}
