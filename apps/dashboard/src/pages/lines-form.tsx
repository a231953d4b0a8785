import { amountOf } from '../catalogue/amount';
import type { Fields } from '../catalogue/draft';
import { Field } from '../parts/field';
import { text } from '../text';

interface Props {
  readonly fields: Fields;
  readonly set: (field: keyof Fields) => (value: string) => void;
}

/** JSONL has requests of its own: they are sent as they are. */
export function LinesForm({ fields, set }: Props) {
  const words = text.catalogue;
  return (
    <section>
      <h2>{words.lines.title}</h2>
      <p className="quiet">{words.lines.hint}</p>
      <div className="grid">
        <MaxCost fields={fields} set={set} />
        <Field label={words.template.name} value={fields.name} change={set('name')} />
      </div>
    </section>
  );
}

export function MaxCost({ fields, set }: Props) {
  const words = text.catalogue.template;
  return (
    <Field
      label={words.maxCost}
      hint={words.maxCostHint}
      value={fields.maxCost}
      change={set('maxCost')}
      inputMode="decimal"
      fault={amountOf(fields.maxCost).fault}
    />
  );
}
