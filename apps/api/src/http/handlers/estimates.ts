import { z } from 'zod';
import { notCounted } from '@rendermill/shared/domain/costs';
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

function present({ model, images, calls, input, offers, seconds }: JobEstimate) {
  const known = offers.flatMap(({ price }) => price ?? []);
  const costs = known.map(({ micros }) => micros);
  return {
    object: 'estimate',
    model,
    images,
    calls,
    currency: 'USD',
    cost: { min: dollars(Math.min(...costs)), max: dollars(Math.max(...costs)) },
    input_tokens: input,
    excludes: notCounted.filter((one) => offers.some(({ excludes }) => excludes.includes(one))),
    accounts: offers.map(({ account, price, excludes }) => ({
      provider: account.id,
      cost: dollars(price?.micros ?? null),
      basis: price?.basis ?? null,
      excludes,
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
  input_tokens: z
    .object({
      text: z
        .int()
        .describe('An approximation that errs upward: one for three ASCII characters, two for every other one.'),
      images: z
        .int()
        .nullable()
        .describe(
          'By the published formula; null: none is published for this model, or an image is still to be fetched.',
        ),
    })
    .describe('Tokens that go in for each image that is made; part of the cost at accounts that bill by token.'),
  excludes: z
    .array(z.enum(notCounted))
    .describe(
      'What is not in the cost because nobody knows it: input_image_tokens (see input_tokens), output_text_tokens (words that the model answers beside its picture), dearer_qualities (auto counts as the dearest quality with a price; the model has dearer ones without).',
    ),
  accounts: z
    .array(
      z.object({
        provider: z.string(),
        cost: z.number().nullable().describe('null: unknown.'),
        basis: z.enum(['per_image', 'tokens', 'table']).nullable(),
        excludes: z.array(z.enum(notCounted)),
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
