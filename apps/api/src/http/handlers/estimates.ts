import { z } from 'zod';
import { dollars } from '@rendermill/shared/domain/prices';
import { jobSchema, parseBody } from '@rendermill/shared/domain/request-body';
import { estimateJob, type JobEstimate } from '../../use-cases/estimate-job.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema } from '../schemas.js';
import { withBody } from '../with-body.js';

/** `/v1/estimates`: what a job would cost, before anything is paid. */

async function create(context: Context): Promise<void> {
  const { deps, caller, response } = context;
  const estimate = await withBody(
    context,
    async (body) => estimateJob(deps, caller, body, parseBody(jobSchema, body.value)),
    'json',
  );
  sendJson(response, 200, present(estimate));
}

function present({ model, images, calls, offers, seconds }: JobEstimate) {
  const known = offers.flatMap(({ price }) => price ?? []);
  const costs = known.map(({ micros }) => micros);
  return {
    object: 'estimate',
    model,
    images,
    calls,
    currency: 'USD',
    cost: { min: dollars(Math.min(...costs)), max: dollars(Math.max(...costs)) },
    excludes: known.some(({ basis }) => basis === 'table') ? ['input_tokens'] : [],
    accounts: offers.map(({ account, price }) => ({
      provider: account.id,
      cost: dollars(price?.micros ?? null),
      basis: price?.basis ?? null,
    })),
    seconds,
  };
}

const estimateObject = z.object({
  object: z.literal('estimate'),
  model: z.string(),
  images: z.int(),
  calls: z.int().describe('Calls to the provider in which the images are made.'),
  currency: z.literal('USD'),
  cost: z
    .object({ min: z.number(), max: z.number() })
    .describe('For all images, over the accounts whose price is known; auto counts as the dearest it can become.'),
  excludes: z
    .array(z.literal('input_tokens'))
    .describe('What an account that bills by token adds: the tokens of the prompt and of input images.'),
  accounts: z
    .array(
      z.object({
        provider: z.string(),
        cost: z.number().nullable().describe('null: unknown.'),
        basis: z.enum(['per_image', 'tokens', 'table']).nullable(),
      }),
    )
    .describe('Those that could serve it, best first.'),
  seconds: z
    .int()
    .nullable()
    .describe(
      'From the mean response time of the last seven days at the first account that has one, and what waits for it now; null: not known.',
    ),
});

export const estimateRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/estimates',
    operationId: 'createEstimate',
    summary: "What a job would cost and take: a job's body, checked as one. Nothing is stored, nothing bought.",
    tag: 'Money',
    body: jobSchema,
    answers: {
      200: { description: 'The estimate.', schema: estimateObject },
      400: { description: 'What a job with this body would be refused for.', schema: errorSchema },
      422: { description: 'No eligible account has a known price (price_unknown).', schema: errorSchema },
    },
    handle: create,
  },
];
