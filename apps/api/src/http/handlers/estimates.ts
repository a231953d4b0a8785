import { z } from 'zod';
import { notCounted } from '@rendermill/shared/domain/costs';
import { dollars } from '@rendermill/shared/domain/prices';
import { jobSchema, parseBody } from '@rendermill/shared/domain/request-body';
import { estimateBatch, type BatchEstimate } from '../../use-cases/estimate-batch.js';
import { estimateJob, type JobEstimate } from '../../use-cases/estimate-job.js';
import { batchSchema, isBatchBody } from '../batch-body.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, jobError } from '../schemas.js';
import { withBody } from '../with-body.js';

/** `/v1/estimates`: what a job or a batch would cost, before anything is paid. */

async function create(context: Context): Promise<void> {
  const { deps, caller, response } = context;
  const shown = await withBody(
    context,
    async (body) => {
      if (isBatchBody(body.value))
        return presentOfBatch(await estimateBatch(deps, caller, parseBody(batchSchema, body.value)));
      return present(await estimateJob(deps, caller, body, parseBody(jobSchema, body.value)));
    },
    'some',
  );
  sendJson(response, 200, shown);
}

function presentOfBatch({ min, max, invalid, ...counts }: BatchEstimate) {
  return {
    object: 'estimate',
    ...counts,
    currency: 'USD',
    cost: { min: dollars(min), max: dollars(max) },
    invalid_lines: invalid,
  };
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

const { object, images, calls, currency, excludes, cost } = estimateObject.shape;
const batchEstimateObject = z.object({
  object,
  lines: z.int(),
  images,
  calls,
  currency,
  cost,
  excludes,
  invalid_lines: z
    .object({
      count: z.int(),
      first: z.array(z.object({ line: z.int(), custom_id: z.string(), error: jobError })),
    })
    .describe('Lines that would fail without being bought, and the first 20 of them.'),
  skipped_rows: z
    .int()
    .describe("Rows of a catalogue that the template's `when` leaves out; with group_by, groups of rows. 0 without."),
  seconds: z
    .int()
    .nullable()
    .describe('As for a job, all accounts side by side; null: not known for one of the models.'),
  sample: z
    .object({ lines: z.int(), share: z.number() })
    .nullable()
    .describe(
      'null: every line was read. Else the file took longer than 10 s: its first lines, and what share of it they are; the figures are extrapolated.',
    ),
});

export const estimateRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/estimates',
    operationId: 'createEstimate',
    access: 'jobs:read',
    summary: 'What a job or a batch would cost and take: its body, checked as one. Nothing is stored, nothing bought.',
    tag: 'Money',
    body: z.union([jobSchema, batchSchema]),
    answers: {
      200: { description: 'The estimate.', schema: z.union([estimateObject, batchEstimateObject]) },
      400: { description: 'What a job or batch with this body would be refused for.', schema: errorSchema },
      404: { description: 'There is no such model.', schema: errorSchema },
      422: {
        description: 'No eligible account has a known price (price_unknown); of a batch the line is named.',
        schema: errorSchema,
      },
    },
    handle: create,
  },
];
