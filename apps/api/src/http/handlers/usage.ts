import { z } from 'zod';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { groupUsage, usageDays, usageDimensions, usageFigures } from '@rendermill/shared/domain/usage-report';
import { pageQuery, wholeNumber } from '../list-query.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, listOf } from '../schemas.js';
import { unknownAttempt, usageReport } from '../usage-schemas.js';
import { listUnknown } from './unknown-attempts.js';

/** `/v1/usage`: what was bought, added up; with outcome=unknown what may have been, one by one. */

const dayMs = 86_400_000;
/** Days of a report that names no begin. */
const usualDays = 30;
/** More would be no report: as many as one account and ten models make in a year and more. */
const maxGroups = 5_000;

const listParameters = ['after', 'limit', 'order'] as const;

const query = z.strictObject({
  group_by: z
    .string()
    .max(64)
    .optional()
    .describe(`A comma list of ${usageDimensions.join(', ')}; default day. Not with outcome.`),
  outcome: z
    .enum(['unknown'])
    .optional()
    .describe('unknown: lists the attempts that may have been billed, for a refund claim, instead of adding up.'),
  start_time: wholeNumber(0, 4_102_444_800)
    .optional()
    .describe('Unix seconds, inclusive. Reports count whole UTC days; default: the last 30 of them.'),
  end_time: wholeNumber(1, 4_102_444_800).optional().describe('Unix seconds, exclusive; default now.'),
  model: z.string().max(128).optional(),
  provider: z.string().max(64).optional(),
  after: pageQuery.after.describe('last_id of the page before. Only with outcome, as limit and order.'),
  limit: pageQuery.limit,
  order: pageQuery.order.describe('By the time at which the attempt began.'),
});
type Query = z.output<typeof query>;

async function usage(context: Context): Promise<void> {
  const asked = context.query as Query;
  if (asked.start_time !== undefined && asked.end_time !== undefined && asked.end_time <= asked.start_time)
    refuse('end_time', 'end_time must come after start_time');
  if (asked.outcome === undefined) return report(context, asked);
  if (asked.group_by !== undefined) refuse('group_by', 'outcome=unknown lists attempts: it takes no group_by');
  return listUnknown(context, asked);
}

async function report({ deps, caller, request, response }: Context, asked: Query): Promise<void> {
  for (const name of listParameters)
    if (request.query[name] !== undefined) refuse(name, `${name} belongs to outcome=unknown: a report has no pages`);
  const by = dimensions(asked.group_by ?? 'day');
  const { first, last } = days(asked);
  const rows = await (by.includes('batch')
    ? deps.usage.readByBatch(caller.project, first, last)
    : deps.usage.read(caller.project, first, last));
  const fitting = rows.filter(
    ({ model, provider }) =>
      (asked.model === undefined || model === asked.model) &&
      (asked.provider === undefined || provider === asked.provider),
  );
  const groups = groupUsage(fitting, by);
  if (groups.length > maxGroups)
    refuse('group_by', `that makes ${groups.length} groups of at most ${maxGroups}: ask for fewer days or dimensions`);
  const [total] = groupUsage(fitting, []);
  sendJson(response, 200, {
    object: 'usage',
    group_by: by,
    start_time: (first * dayMs) / 1_000,
    end_time: (Math.max(first, last + 1) * dayMs) / 1_000,
    currency: 'USD',
    data: groups.map(({ counts, ...names }) => ({ ...names, ...usageFigures(counts) })),
    total: usageFigures(total?.counts ?? new Map()),
  });
}

function dimensions(text: string) {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!usageDimensions.some((dimension) => dimension === name))
      refuse('group_by', `'${name}' is none of ${usageDimensions.join(', ')}`);
  }
  return usageDimensions.filter((dimension) => names.includes(dimension));
}

/** Whole UTC days, since the epoch; none before those that are kept, none after today: perhaps none at all. */
function days({ start_time, end_time }: Query): { first: number; last: number } {
  const today = Math.floor(Date.now() / dayMs);
  const last = Math.min(today, end_time === undefined ? today : Math.floor((end_time * 1_000 - 1) / dayMs));
  const first = start_time === undefined ? last - usualDays + 1 : Math.floor((start_time * 1_000) / dayMs);
  return { first: Math.max(first, today - usageDays), last };
}

function refuse(param: string, message: string): never {
  throw new RendermillError('invalid_parameter', `${param}: ${message}.`, { param });
}

export const usageRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/usage',
    operationId: 'getUsage',
    summary: 'Requests, images, success, response times and cost; or the attempts that may have been billed.',
    tag: 'Money',
    query,
    answers: {
      200: {
        description: 'The report; with outcome=unknown one page of attempts.',
        schema: z.union([usageReport, listOf(unknownAttempt)]),
      },
      400: { description: 'Asked for what there is not.', schema: errorSchema },
    },
    handle: usage,
  },
];
