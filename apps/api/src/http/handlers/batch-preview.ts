import { z } from 'zod';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { dollars } from '@rendermill/shared/domain/prices';
import { parseBody } from '@rendermill/shared/domain/request-body';
import { clip } from '@rendermill/shared/domain/text';
import { inputLines, type InputLine } from '../../use-cases/batch-input.js';
import { givenLines } from '../../use-cases/batch-source.js';
import { planLine } from '../../use-cases/estimate-batch.js';
import { batchSchema } from '../batch-body.js';
import { wholeNumber } from '../list-query.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema } from '../schemas.js';
import { withBody } from '../with-body.js';

/** `POST /v1/batches/preview`: the first lines of a batch as they would be sent, before anything is stored. */

const previewQuery = z.strictObject({
  limit: wholeNumber(1, 100).default(10).describe('Lines to show: 1 to 100.'),
});

async function preview(context: Context): Promise<void> {
  const { deps, caller, query, response } = context;
  const { limit } = query as z.output<typeof previewQuery>;
  const answer = await withBody(
    context,
    async ({ value }) => {
      const body = parseBody(batchSchema, value);
      const given = await givenLines(deps, caller.project, body);
      const data: ReturnType<typeof show>[] = [];
      for await (const line of inputLines(deps, given, body.endpoint ?? null)) {
        // The one that is too much tells that there are more.
        if (data.length === limit) return { object: 'batch.preview', data, has_more: true };
        data.push(show(context, line));
      }
      return { object: 'batch.preview', data, has_more: false };
    },
    'lines',
  );
  sendJson(response, 200, answer);
}

function show({ deps, caller }: Context, { number, line }: InputLine) {
  const empty = { line: number, custom_id: null, url: null, type: null, model: null, request: null, cost: null };
  if ('code' in line) {
    const { code, message, param } = line;
    return { ...empty, error: { code, message, param } };
  }
  const { custom_id, url } = line;
  try {
    const planned = planLine(deps, caller, line);
    if ('message' in planned) return { ...empty, custom_id, url, error: errorOf(planned) };
    const { plan, type, offers } = planned;
    const costs = offers.flatMap(({ price }) => price?.micros ?? []);
    const images = plan.images.map((image) => ('image_url' in image ? clip(image.image_url, 2_048) : image.file_id));
    return {
      ...empty,
      custom_id,
      url,
      type,
      model: plan.model,
      request: { ...plan.request, ...(images.length > 0 ? { images } : {}) },
      cost: { currency: 'USD', min: dollars(Math.min(...costs)), max: dollars(Math.max(...costs)) },
      error: null,
    };
  } catch (error) {
    // What has no known price is the line's fault here, so that the others can be seen.
    if (error instanceof RendermillError) return { ...empty, custom_id, url, error: errorOf(error) };
    throw error;
  }
}

function errorOf({ code, message, param }: { code: string; message: string; param: string | null }) {
  return { code, message, param };
}

const previewObject = z.object({
  object: z.literal('batch.preview'),
  data: z.array(
    z.object({
      line: z.int(),
      custom_id: z.string().nullable(),
      url: z.string().nullable(),
      type: z.enum(['generation', 'edit', 'variation']).nullable(),
      model: z.string().nullable(),
      request: z
        .looseObject({ images: z.array(z.string()).optional() })
        .nullable()
        .describe('Normalised parameters.'),
      cost: z
        .object({ currency: z.literal('USD'), min: z.number(), max: z.number() })
        .nullable()
        .describe('For all images of the line, over the accounts whose price is known.'),
      error: z
        .object({ code: z.string(), message: z.string(), param: z.string().nullable() })
        .nullable()
        .describe('What the line would fail for; one that is no line at all fails the whole batch.'),
    }),
  ),
  has_more: z.boolean(),
});

export const batchPreviewRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/batches/preview',
    operationId: 'previewBatch',
    access: 'batches',
    summary: "The first lines of a batch as they would be sent, with their cost: a batch's body, nothing is stored.",
    tag: 'Batches',
    body: batchSchema,
    query: previewQuery,
    answers: {
      200: { description: 'The lines.', schema: previewObject },
      400: { description: 'What a batch with this body would be refused for.', schema: errorSchema },
    },
    handle: preview,
  },
];
