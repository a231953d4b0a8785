/** Numbers inside of a sentence, as a language writes and counts them. */

/** A sentence for each plural of the language; `#` is the figure. */
type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string }>;

export type Plural = (value: number, forms: Forms) => string;

/** `tag`: the language, as Intl calls it. Formatters are dear to make: once for each language. */
export function pluralOf(tag: string): Plural {
  const rules = new Intl.PluralRules(tag);
  const figures = new Intl.NumberFormat(tag);
  return (value, forms) => (forms[rules.select(value)] ?? forms.other).replace('#', figures.format(value));
}
