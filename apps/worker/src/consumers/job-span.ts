import type { Job } from '@rendermill/shared/domain/job';
import { inSpan, processAttributes, spanKind, traceOf, type Span } from '@rendermill/shared/observability/tracing';
import { prepareQueue, readyQueue } from '@rendermill/shared/queues/entries';

/** A worker's time with a job, in the trace of the request that made it. */
export async function inJobSpan(job: Job, work: (span: Span) => Promise<void>): Promise<void> {
  const { parent, links } = traceOf(job);
  const attributes = {
    ...processAttributes(job.stage === 'prepare' ? prepareQueue : readyQueue(job.class_id)),
    'rendermill.job.id': job.id,
    'rendermill.project': job.project,
    'rendermill.job.generation': job.generation,
    'gen_ai.request.model': job.model,
    ...(job.batch_id === null
      ? {}
      : { 'rendermill.batch.id': job.batch_id, 'rendermill.batch.line': job.line?.number }),
  };
  await inSpan('job process', { kind: spanKind.consumer, attributes, links: [...links] }, work, parent);
}
