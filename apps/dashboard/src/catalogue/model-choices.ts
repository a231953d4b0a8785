/** What a form offers for a model, and what it begins with: the price of a size and quality left open is that of the dearest. */

export interface ModelChoices {
  readonly sizes: readonly string[];
  readonly qualities: readonly string[];
  readonly size: string;
  readonly quality: string;
}

const common: ModelChoices = {
  sizes: ['1024x1024', '1024x1536', '1536x1024', 'auto'],
  qualities: ['low', 'medium', 'high', 'auto'],
  size: '1024x1024',
  quality: 'medium',
};

const others: readonly (readonly [RegExp, ModelChoices])[] = [
  [
    /^dall-e-3/,
    {
      sizes: ['1024x1024', '1792x1024', '1024x1792', 'auto'],
      qualities: ['standard', 'hd', 'auto'],
      size: '1024x1024',
      quality: 'standard',
    },
  ],
  [
    /^dall-e-2/,
    { sizes: ['256x256', '512x512', '1024x1024', 'auto'], qualities: ['standard'], size: '1024x1024', quality: '' },
  ],
  [/^(chat)?gpt-image|^$/, common],
];

/** Of a model that only its relay knows nothing is chosen: it may know neither. */
export function choicesOf(model: string): ModelChoices {
  return others.find(([names]) => names.test(model))?.[1] ?? { ...common, size: '', quality: '' };
}
