import { z } from 'zod';
import { jobSchema } from '../domain/request-body.js';
import { coerceScalars } from './coerce-scalars.js';
import { encodingNames, encodingOf } from './encodings.js';
import { isLiquid, liquidMessage, maxTemplateText, parseLiquid } from './liquid.js';

const maxTemplateJson = 256 * 1024;

const parameters = Object.fromEntries(Object.keys(jobSchema.shape).map((name) => [name, z.json().optional()]));

/** Whether Liquid stands anywhere in a value. */
function hasLiquid(value: unknown): boolean {
  if (typeof value === 'string') return isLiquid(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasLiquid);
}

/** `Status == "active"` is short for `{{ Status == "active" }}`. */
export function conditionText(when: string): string {
  return isLiquid(when) ? when : `{{ ${when} }}`;
}

function liquidFaults(
  value: unknown,
  path: readonly (string | number)[],
  add: (path: PropertyKey[], message: string) => void,
): void {
  if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      liquidFaults(item, [...path, Array.isArray(value) ? Number(key) : key], add);
    }
  }
  if (typeof value !== 'string' || !isLiquid(value)) return;
  if (value.length > maxTemplateText) return add([...path], `a template has at most ${maxTemplateText} characters`);
  try {
    parseLiquid(value);
  } catch (error) {
    add([...path], liquidMessage(error));
  }
}

/** The fields of a job's body; strings are Liquid. What needs no row to be judged is judged here. */
export const catalogueTemplate = z
  .strictObject({
    ...parameters,
    custom_id: z.string().min(1).max(maxTemplateText).describe('Liquid; unique in the batch.'),
    when: z
      .string()
      .trim()
      .min(1)
      .max(maxTemplateText)
      .optional()
      .describe('Liquid, or an expression of it. Rows for which it comes out empty or "false" are skipped.'),
  })
  .superRefine((template, context) => {
    const add = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message });
    if (JSON.stringify(template).length > maxTemplateJson) {
      return add([], `a template has at most ${maxTemplateJson} characters`);
    }
    for (const [name, value] of Object.entries(template)) {
      if (value === undefined || value === null) continue;
      liquidFaults(name === 'when' ? conditionText(value) : value, [name], add);
      if (name === 'when' || hasLiquid(value)) continue;
      // A constant is wrong in every row or in none.
      const schema: z.ZodType = jobSchema.shape[name as keyof typeof jobSchema.shape];
      const issue = schema.safeParse(coerceScalars({ [name]: value })[name]).error?.issues[0];
      if (issue) add([name, ...issue.path], issue.message);
    }
  });

export type CatalogueTemplate = z.output<typeof catalogueTemplate>;

export const csvOptions = z.strictObject({
  encoding: z
    .string()
    .max(64)
    .refine((name) => encodingOf(name) !== null, `encoding is one of ${encodingNames}`)
    .optional()
    .describe('Without it and without a byte order mark a file has to be UTF-8.'),
  delimiter: z
    .string()
    .regex(/^[^\r\n"\p{L}\p{N}\p{Surrogate}]$/u, 'delimiter is one character, such as , ; | or a tab (\\t)')
    .optional()
    .describe('Found from the header where it is not given.'),
});

/** What a batch from CSV has in its body besides the file. */
export const catalogueOptions = z.strictObject({
  template: catalogueTemplate,
  csv: csvOptions.optional(),
  group_by: z
    .string()
    .trim()
    .min(1)
    .max(1_000)
    .optional()
    .describe('A column: consecutive rows with the same value in it make one job.'),
});

export type CatalogueOptions = z.output<typeof catalogueOptions>;
