import { z } from 'zod';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { eventTypes, presentEvent, type EventType } from '@rendermill/shared/domain/events';
import { page, pageQuery } from '../list-query.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, listOf } from '../schemas.js';
import { eventObject } from '../webhook-schemas.js';

/** `/v1/events`: what happened in a project, in order, so that a receiver that was down can close its gap. */

const known = new Set<string>(eventTypes);
const listQuery = z.strictObject({
  ...pageQuery,
  after: pageQuery.after.describe('What comes behind this event: its id, or its sequence number.'),
  order: z.enum(['asc', 'desc']).default('asc').describe('By sequence; `asc`: as they happened.'),
  types: z
    .string()
    .max(1_000)
    .transform((text) => text.split(','))
    .refine(
      (types) => types.every((type) => known.has(type)),
      'must be names of GET /v1/webhook_event_types, separated by commas',
    )
    .transform((types) => types as EventType[])
    .optional()
    .describe('Only these types, separated by commas.'),
});

async function list({ deps, caller, query, response }: Context): Promise<void> {
  const filter = query as z.output<typeof listQuery>;
  const found = await deps.events.list(caller.project, filter);
  if (!found) {
    const { after = '' } = filter;
    const message = /^\d+$/.test(after)
      ? `after: no event of this project has had the number ${after} yet; what you hold is of another project or of a Redis that was lost, so begin at the first page`
      : `after: there is no event '${after}' any more; ask by its sequence number, or begin at the first page`;
    throw new RendermillError('invalid_parameter', message, { param: 'after' });
  }
  sendJson(response, 200, page(found.events.map(presentEvent), found.more, found.last));
}

export const eventRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/events',
    operationId: 'listEvents',
    access: 'webhooks',
    summary: 'The events of the project, as they would be delivered, oldest first.',
    tag: 'Webhooks',
    query: listQuery,
    answers: {
      200: {
        description: 'One page; `has_more` may be true for an empty one, which leads on.',
        schema: listOf(eventObject),
      },
      400: { description: 'A parameter is wrong.', schema: errorSchema },
    },
    handle: list,
  },
];
