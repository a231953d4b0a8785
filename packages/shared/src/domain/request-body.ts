import { z } from 'zod';
import { RendermillError } from './errors.js';
import { generationSchema, variationSchema } from './job-request.js';
import { priorities } from './job.js';
import { isPrintable } from './text.js';

/** What only `/v1/jobs` (and later a batch line) may say about a job. */
const jobFields = {
  type: z.enum(['generation', 'edit', 'variation']),
  custom_id: z.string().min(1).max(512).refine(isPrintable, 'custom_id must be printable').nullish(),
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, 'metadata takes at most 16 pairs')
    .nullish(),
  priority: z.enum(priorities).nullish(),
  provider: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'a provider account id has 1 to 64 of a-z 0-9 -')
    .nullish(),
  webhook_url: z.string().max(2_048).nullish(),
  on_unknown_outcome: z.enum(['retry', 'fail']).nullish(),
  deadline: z.int().min(0).max(4_102_444_800).nullish().describe('Unix seconds.'),
} as const;

const { stream: _s, partial_images: _p, response_format: _r, ...jobParameters } = variationSchema.shape;

/** `POST /v1/jobs`. A job has no HTTP answer to shape: `stream` and `response_format` belong to `/v1/images/*`. */
export const jobSchema = z.strictObject({ ...jobFields, ...jobParameters }).superRefine((body, context) => {
  if (body.type !== 'variation' && body.prompt == null) {
    context.addIssue({ code: 'custom', path: ['prompt'], message: 'prompt is required' });
  }
});

export { generationSchema, variationSchema };
export type JobBody = z.output<typeof jobSchema>;

/** Parses, or throws the envelope's error: the first fault, with the parameter's name. */
export function parseBody<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (!issue) throw new RendermillError('invalid_parameter', 'the request is not valid');
  if (issue.code === 'unrecognized_keys') {
    const key = [...issue.path, issue.keys[0]].join('.');
    throw new RendermillError('unknown_parameter', `Unknown parameter: '${key}'.`, { param: key });
  }
  const param = issue.path.length > 0 ? issue.path.join('.') : null;
  const missing = param !== null && issue.code !== 'custom' && valueAt(value, issue.path) === undefined;
  const where = param === null ? '' : `${param}: `;
  throw new RendermillError(
    missing ? 'missing_required_parameter' : 'invalid_parameter',
    missing ? `Missing required parameter: '${param}'.` : `${where}${issue.message}`,
    { param },
  );
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    value,
  );
}
