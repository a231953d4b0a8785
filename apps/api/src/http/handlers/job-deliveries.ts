import { deliveryId } from '@rendermill/shared/domain/deliveries';
import { lineJobId } from '@rendermill/shared/domain/batch';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { eventTypes } from '@rendermill/shared/domain/events';
import { eventId } from '@rendermill/shared/domain/ids';
import { findJob } from '../../use-cases/find-job.js';
import { page } from '../list-query.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, listOf } from '../schemas.js';
import { deliveryObject, presentDelivery } from '../webhook-schemas.js';

/** `/v1/jobs/{id}/deliveries`: who was told of a job's end, and how they took it. */

const ends = eventTypes.filter((type) => type.startsWith('job.'));
/** Of a job that was retried more often, the latest. */
const mostGenerations = 20;

async function list({ deps, caller, params, response }: Context): Promise<void> {
  const { project } = caller;
  const found = await findJob(deps, project, params['id'] ?? '');
  if (!found) throw new RendermillError('not_found', 'There is no job with this id.', { param: 'id' });
  const id = 'job' in found ? found.job.id : lineJobId(found.batch.id, found.view.line);
  const last = 'job' in found ? found.job.generation : found.batch.generation;
  const endpoints = ['url', ...(await deps.webhooks.list(project)).map((endpoint) => endpoint.id)];
  const generations = Array.from({ length: Math.min(last, mostGenerations) }, (_, i) => last - i);
  // An event's id is made of what it says, and a delivery's of it: they are found without an index.
  const ids = generations.flatMap((generation) =>
    ends.flatMap((type) => endpoints.map((endpoint) => deliveryId(eventId(id, type, generation), endpoint))),
  );
  const deliveries = (await deps.deliveries.many(ids)).filter((delivery) => delivery.project === project);
  deliveries.sort((a, b) => b.created_at - a.created_at);
  sendJson(response, 200, page(deliveries.map(presentDelivery), false));
}

export const jobDeliveryRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/jobs/{id}/deliveries',
    operationId: 'listJobDeliveries',
    access: 'webhooks',
    summary: "What was told of a job's end to the endpoints that there are and to its webhook_url, newest first.",
    tag: 'Webhooks',
    answers: {
      200: {
        description: 'All of them. None of a line of a batch: these are told in digests.',
        schema: listOf(deliveryObject),
      },
      404: { description: 'There is no such job.', schema: errorSchema },
    },
    handle: list,
  },
];
