import { z } from 'zod';
import { badRequest, invalidValue, missingParameter, type Refusal } from './refusal.js';

/** The parameters of an image request, and OpenAI's words for what is wrong with one. */

export type Operation = 'generation' | 'edit' | 'variation';

// A form sends everything as text.
const number = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
const flag = (value: unknown): unknown => (value === 'true' ? true : value === 'false' ? false : value);

const whole = (low: number, high: number) => z.preprocess(number, z.number().int().min(low).max(high));

const parameters = z.object({
  prompt: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
  n: whole(1, 10).default(1),
  size: z.string().default('auto'),
  quality: z.enum(['auto', 'low', 'medium', 'high', 'xhigh', 'max', 'standard', 'hd']).default('auto'),
  background: z.enum(['auto', 'opaque', 'transparent']).default('auto'),
  output_format: z.enum(['png', 'jpeg', 'webp']).default('png'),
  output_compression: whole(0, 100).default(100),
  stream: z.preprocess(flag, z.boolean()).default(false),
  partial_images: whole(0, 3).default(0),
  response_format: z.enum(['url', 'b64_json']).optional(),
  input_fidelity: z.enum(['low', 'high']).default('low'),
  moderation: z.enum(['auto', 'low']).default('auto'),
  style: z.enum(['vivid', 'natural']).optional(),
});

export type Parameters = z.output<typeof parameters>;

function refusalOf(issue: z.core.$ZodIssue, fields: Readonly<Record<string, unknown>>): Refusal {
  const param = String(issue.path[0] ?? 'body');
  const value = fields[param];
  const bound = (side: string, sign: string, limit: unknown, code: string): Refusal =>
    badRequest(
      `Invalid '${param}': integer ${side} value. Expected a value ${sign} ${String(limit)}, but got ${String(value)} instead.`,
      param,
      code,
    );
  if (issue.code === 'invalid_value') return invalidValue(param, value, issue.values.map(String));
  if (issue.code === 'invalid_type') {
    const message = `Invalid type for '${param}': expected ${issue.expected}, but got ${typeof value} instead.`;
    return badRequest(message, param, 'invalid_type');
  }
  if (issue.code === 'too_big') return bound('above maximum', '<=', issue.maximum, 'integer_above_max_value');
  if (issue.code === 'too_small' && issue.origin !== 'string') {
    return bound('below minimum', '>=', issue.minimum, 'integer_below_min_value');
  }
  return badRequest(`Invalid '${param}': ${issue.message}.`, param, 'invalid_value');
}

/** Checks and defaults; a JSON null is as good as absent. */
export function readParameters(fields: Readonly<Record<string, unknown>>): Parameters {
  const present = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  const read = parameters.safeParse(present);
  const issue = read.error?.issues[0];
  if (issue) throw refusalOf(issue, present);
  if (!read.data) throw missingParameter('body');
  return read.data;
}
