import { useEffect, useId, useRef, type ReactNode } from 'react';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
}

interface InputProps extends FieldProps {
  readonly hint?: string;
  readonly type?: 'text' | 'url' | 'number' | 'datetime-local' | 'search';
  readonly required?: boolean;
  readonly placeholder?: string;
  /** What it may be as a number: its least, and its steps. */
  readonly min?: number;
  readonly step?: number | 'any';
  readonly inputMode?: 'decimal';
  /** Why what is written cannot be taken: its form is not sent. */
  readonly fault?: string | null;
}

export function Field({
  label,
  hint = '',
  value,
  change,
  type = 'text',
  required,
  placeholder,
  min,
  step,
  inputMode,
  fault = null,
}: InputProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.setCustomValidity(fault ?? ''), [fault]);
  const note = fault ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        ref={input}
        id={id}
        type={type}
        inputMode={inputMode}
        value={value}
        required={required}
        placeholder={placeholder}
        min={min}
        step={step}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={fault !== null}
        aria-describedby={note ? `${id}-hint` : undefined}
        onChange={({ target }) => change(target.value)}
      />
      {note && (
        <small
          id={`${id}-hint`}
          className={fault === null ? '' : 'bad'}
          aria-live={fault === null ? undefined : 'polite'}
        >
          {note}
        </small>
      )}
    </div>
  );
}

/** One of some values; `none` is what the empty one is called. */
export function Choice({
  label,
  none,
  values,
  value,
  change,
  hint = '',
  nameOf = (one) => one,
}: FieldProps & {
  readonly none?: string;
  readonly hint?: string;
  readonly values: readonly string[];
  readonly nameOf?: (value: string) => string;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={({ target }) => change(target.value)}
      >
        {none !== undefined && <option value="">{none}</option>}
        {values.map((one) => (
          <option key={one} value={one}>
            {nameOf(one)}
          </option>
        ))}
      </select>
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}

/** Any of some values, under one heading. */
export function Checks({
  label,
  values,
  chosen,
  change,
  show,
}: {
  readonly label: string;
  readonly values: readonly string[];
  readonly chosen: readonly string[];
  readonly change: (chosen: string[]) => void;
  readonly show: (value: string) => ReactNode;
}) {
  return (
    <fieldset className="checks">
      <legend>{label}</legend>
      {values.map((value) => (
        <label key={value}>
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={({ target }) =>
              change(target.checked ? [...chosen, value] : chosen.filter((other) => other !== value))
            }
          />
          <span>{show(value)}</span>
        </label>
      ))}
    </fieldset>
  );
}
