import { useMemo, useRef } from 'react';
import type { List } from '../api/types';
import { insertOf, sizeColumns } from '../catalogue/columns';
import { columnsFor, missingFrom, type Draft, type Fields } from '../catalogue/draft';
import type { Column } from '../catalogue/head';
import { choicesOf } from '../catalogue/model-choices';
import type { Source } from '../catalogue/source';
import type { Style } from '../catalogue/style';
import { Choice, Field } from '../parts/field';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { MaxCost } from './lines-form';
import { StyleChoice } from './style-choice';

interface Props {
  readonly source: Source;
  readonly draft: Draft;
  readonly set: (field: keyof Fields) => (value: string) => void;
  readonly choose: (style: Style | number) => void;
}

/** The template, written with the file's columns at hand. */
export function TemplateForm({ source, draft, set, choose }: Props) {
  const words = text.catalogue.template;
  const { fields } = draft;
  const { data: models } = useAsk<List<{ id: string }>>('/v1/models');
  const { encoding, delimiter } = fields;
  const columns = useMemo(() => columnsFor(source, { encoding, delimiter }), [source, encoding, delimiter]);
  const names = columns.map(({ name }) => name);
  const { sizes, qualities } = choicesOf(fields.model);
  const columnOf = new Map(sizeColumns(columns).map((name) => [insertOf(name), name]));
  // One that this file has not is still seen, and said to be missing.
  const written = fields.size.includes('{') ? [fields.size] : [];
  const groups = fields.groupBy === '' || names.includes(fields.groupBy) ? names : [...names, fields.groupBy];
  const field = (name: keyof Fields, label: string, hint = '') => (
    <Field label={label} hint={hint} value={fields[name]} change={set(name)} />
  );
  const choice = (name: keyof Fields, label: string, none: string, values: readonly string[], hint = '') => (
    <Choice label={label} none={none} values={values} hint={hint} value={fields[name]} change={set(name)} />
  );
  return (
    <section>
      <h2>{words.title}</h2>
      <StyleChoice draft={draft} columns={columns} choose={choose} />
      <Prompt prompt={fields.prompt} columns={columns} change={set('prompt')} />
      <Missing names={missingFrom(draft, columns)} />
      <div className="grid">
        {field('customId', words.customId, words.customIdHint)}
        {field('when', words.when, words.whenHint)}
        {choice('groupBy', words.groupBy, words.groupByNone, groups, words.groupByHint)}
        {choice('model', words.model, words.modelDefault, models?.data.map(({ id }) => id) ?? [])}
        <Choice
          label={words.size}
          none={words.usual}
          values={[...new Set([...sizes, ...columnOf.keys(), ...written])]}
          nameOf={(value) => (columnOf.has(value) ? words.fromColumn(columnOf.get(value) ?? '') : value)}
          value={fields.size}
          change={set('size')}
        />
        {choice('quality', words.quality, words.usual, qualities)}
        {field('images', words.images, words.imagesHint)}
        <MaxCost fields={fields} set={set} />
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

interface PromptProps {
  readonly prompt: string;
  readonly columns: readonly Column[];
  readonly change: (prompt: string) => void;
}

function Prompt({ prompt, columns, change }: PromptProps) {
  const words = text.catalogue.template;
  const area = useRef<HTMLTextAreaElement>(null);
  function insert(column: string): void {
    const [from, to] = [area.current?.selectionStart ?? prompt.length, area.current?.selectionEnd ?? prompt.length];
    change(prompt.slice(0, from) + insertOf(column) + prompt.slice(to));
    area.current?.focus();
  }
  return (
    <>
      <label className="field">
        <span>{words.prompt}</span>
        <textarea ref={area} rows={6} value={prompt} onChange={({ target }) => change(target.value)} />
      </label>
      <p className="quiet hint">{words.hint}</p>
      {columns.length === 0 && <p className="bad">{words.unread}</p>}
      {columns.some(({ name }) => name.includes('\uFFFD')) && <p className="bad">{words.notUtf8}</p>}
      <ul className="chips" aria-label={words.columns(columns.length)}>
        {columns.map(({ name }, at) => (
          <li key={`${at} ${name}`}>
            <button type="button" onClick={() => insert(name)}>
              {name}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Missing({ names }: { readonly names: readonly string[] }) {
  return (
    <p className="bad" role="status">
      {names.length > 0 && text.catalogue.template.missing(names.map((name) => `“${name}”`).join(' '), names.length)}
    </p>
  );
}
