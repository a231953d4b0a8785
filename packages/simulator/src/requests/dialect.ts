import type { Received } from './received.js';
import { badRequest, unknownParameter } from './refusal.js';

/** What a relay does not take that OpenAI does. Everything is optional. */
export interface Dialect {
  /** Parameters that it refuses as unknown; `mask` and, of several images, the form field `image[]` too. */
  readonly unknownParameters?: readonly string[];
  /** Most images of an edit. */
  readonly maxInputs?: number;
  /** Parameters that it drops without a word. */
  readonly dropped?: readonly string[];
}

/** Refuses what the dialect does not have. */
export function checkDialect(received: Received, { unknownParameters = [], maxInputs = Infinity }: Dialect): void {
  const fields = [
    ...Object.keys(received.fields),
    ...received.images.map(({ field }) => field),
    ...(received.mask ? ['mask'] : []),
  ];
  const unknown = fields.find((name) => unknownParameters.includes(name));
  if (unknown !== undefined) throw unknownParameter(unknown);
  if (received.images.length > maxInputs)
    throw badRequest(`Invalid 'image': at most ${maxInputs} image(s).`, 'image', 'array_above_max_length');
}

/** The body as it is once the dialect has dropped what it drops. */
export function heard(received: Received, { dropped = [] }: Dialect): Received {
  const fields = Object.fromEntries(Object.entries(received.fields).filter(([name]) => !dropped.includes(name)));
  return { ...received, fields };
}
