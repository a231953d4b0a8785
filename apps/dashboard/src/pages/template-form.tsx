import { useRef } from 'react';
import type { List } from '../api/types';
import { insertOf, type Draft } from '../catalogue/template';
import { Choice, Field } from '../parts/field';
import { text } from '../text';
import { useAsk } from '../use-ask';

const sizes = ['1024x1024', '1024x1536', '1536x1024', 'auto'];
const qualities = ['low', 'medium', 'high', 'auto'];

interface Props {
  readonly draft: Draft;
  readonly columns: readonly string[];
  readonly change: (draft: Draft) => void;
}

/** The template, written with the file's columns at hand. */
export function TemplateForm({ draft, columns, change }: Props) {
  const words = text.catalogue.template;
  const { data: models } = useAsk<List<{ id: string }>>('/v1/models');
  const prompt = useRef<HTMLTextAreaElement>(null);
  const set = (field: keyof Draft) => (value: string) => change({ ...draft, [field]: value });

  function insert(column: string): void {
    const area = prompt.current;
    const [from, to] = [area?.selectionStart ?? draft.prompt.length, area?.selectionEnd ?? draft.prompt.length];
    change({ ...draft, prompt: draft.prompt.slice(0, from) + insertOf(column) + draft.prompt.slice(to) });
    area?.focus();
  }

  const field = (name: keyof Draft, label: string, hint = '') => (
    <Field label={label} hint={hint} value={draft[name]} change={set(name)} />
  );
  const choice = (name: keyof Draft, label: string, none: string, values: readonly string[]) => (
    <Choice label={label} none={none} values={values} value={draft[name]} change={set(name)} />
  );
  return (
    <section>
      <h2>{words.title}</h2>
      <p className="quiet">{words.hint}</p>
      {columns.length === 0 && <p className="bad">{words.unread}</p>}
      <ul className="chips" aria-label={words.columns}>
        {columns.map((column) => (
          <li key={column}>
            <button type="button" onClick={() => insert(column)}>
              {column}
            </button>
          </li>
        ))}
      </ul>
      <label className="field">
        <span>{words.prompt}</span>
        <textarea ref={prompt} rows={5} value={draft.prompt} onChange={({ target }) => set('prompt')(target.value)} />
      </label>
      <div className="grid">
        {field('customId', words.customId, words.customIdHint)}
        {field('when', words.when, words.whenHint)}
        {choice('groupBy', words.groupBy, words.groupByNone, columns)}
        {choice('model', words.model, words.modelDefault, models?.data.map(({ id }) => id) ?? [])}
        {choice('size', words.size, words.usual, sizes)}
        {choice('quality', words.quality, words.usual, qualities)}
        {field('images', words.images, words.imagesHint)}
        {field('maxCost', words.maxCost)}
        {field('name', words.name)}
      </div>
      <details>
        <summary>{words.more}</summary>
        <div className="grid">
          {field('encoding', words.encoding, words.encodingHint)}
          {choice('delimiter', words.delimiter, words.found, [',', ';', '\\t', '|'])}
        </div>
      </details>
    </section>
  );
}
