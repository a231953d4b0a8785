/** What each model takes and makes, as OpenAI documents it; a relay sells the names that OpenAI has shut down. */

interface Family {
  readonly ids: readonly string[];
  /** `flexible`: any size within the rules of `flexibleRefusal`. */
  readonly sizes: readonly string[] | 'flexible';
  readonly qualities: readonly string[];
  readonly maxImages: number;
  readonly maxPrompt: number;
  /** The legacy models answer with links, know `style`, and count no tokens. */
  readonly legacy: boolean;
  readonly edits: boolean;
  /** Input images are always read in full detail, and `input_fidelity` is refused. */
  readonly alwaysFaithful: boolean;
}

/** One model of the catalogue. */
export interface Model extends Omit<Family, 'ids'> {
  readonly id: string;
}

const base = { maxImages: 10, maxPrompt: 32_000, legacy: false, edits: true, alwaysFaithful: false } as const;

const families: readonly Family[] = [
  {
    ...base,
    ids: [
      'gpt-image-2.6-sunburst',
      'gpt-image-2.6-flare',
      'gpt-image-2.5-sunburst',
      'gpt-image-2.5-sunburst-2026-09-08',
      'gpt-image-2.5-flare',
      'gpt-image-2.5-flare-2026-09-08',
    ],
    sizes: 'flexible',
    qualities: ['low', 'medium', 'high', 'xhigh', 'max'],
    alwaysFaithful: true,
  },
  {
    ...base,
    ids: ['gpt-image-2', 'gpt-image-2-2026-04-21'],
    sizes: 'flexible',
    qualities: ['low', 'medium', 'high'],
    alwaysFaithful: true,
  },
  {
    ...base,
    ids: ['gpt-image-1.5', 'gpt-image-1-mini', 'chatgpt-image-latest', 'gpt-image-1'],
    sizes: ['1024x1024', '1536x1024', '1024x1536'],
    qualities: ['low', 'medium', 'high'],
  },
  {
    ...base,
    ids: ['dall-e-3'],
    sizes: ['1024x1024', '1792x1024', '1024x1792'],
    qualities: ['standard', 'hd'],
    maxImages: 1,
    maxPrompt: 4_000,
    legacy: true,
    edits: false,
  },
  {
    ...base,
    ids: ['dall-e-2'],
    sizes: ['256x256', '512x512', '1024x1024'],
    qualities: ['standard'],
    maxPrompt: 1_000,
    legacy: true,
  },
];

export const models: readonly Model[] = families.flatMap(({ ids, ...family }) => ids.map((id) => ({ id, ...family })));

const byId = new Map(models.map((model) => [model.id, model]));

/** The row of a model; undefined for a name that only some relay knows. */
export function modelRow(id: string): Model | undefined {
  return byId.get(id);
}

/** A relay's own name behaves like the model that most relays resell. */
export function rowOrDefault(id: string): Model {
  const found = byId.get(id);
  if (found) return found;
  const legacy = id.startsWith('dall-e') ? byId.get('dall-e-3') : byId.get('gpt-image-2');
  if (!legacy) throw new Error('the catalogue lost its default models');
  return { ...legacy, id };
}
