import { z } from 'zod';
import { jobSchema } from '../domain/request-body.js';

/** What a parameter is below `nullish` and the like. */
function kindOf(schema: z.core.$ZodType): string {
  const inner = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? schema.unwrap() : null;
  return inner ? kindOf(inner) : schema._zod.def.type;
}

const kinds = new Map(Object.entries(jobSchema.shape).map(([name, schema]) => [name, kindOf(schema)]));

function coerced(kind: string | undefined, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  if (kind === 'number' && /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
  if (kind === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return value;
}

/**
 * A rendered body with "2" as 2 and "true" as true where the job's schema wants a number or a boolean, which Liquid
 * cannot give. What is neither stays text, for the schema to refuse by its name.
 */
export function coerceScalars(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, coerced(kinds.get(name), value)]));
}
