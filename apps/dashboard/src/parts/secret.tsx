import { useEffect, useRef, useState } from 'react';
import { text } from '../text';
import { useFocusKept } from '../use-focus';

/** A secret that is shown once: it is copied now or never. */
export function Secret({
  title,
  value,
  hint,
  close,
}: {
  readonly title: string;
  readonly value: string;
  readonly hint: string;
  readonly close?: () => void;
}) {
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const section = useRef<HTMLElement>(null);
  useFocusKept(section);
  // Found by who sees nothing of it, too: its name and itself are read out, and it is ready to be copied.
  useEffect(() => field.current?.focus(), [value]);
  const copy = async (): Promise<void> => {
    field.current?.select();
    // A page that is served by http has no clipboard: the selected text is copied by hand.
    if (!navigator.clipboard) return;
    await navigator.clipboard.writeText(value);
    setCopied(true);
  };
  return (
    <section ref={section} className="secret" aria-label={title}>
      <h3>{title}</h3>
      <p>{hint}</p>
      <div className="together">
        <input ref={field} readOnly value={value} aria-label={title} onFocus={({ target }) => target.select()} />
        <button type="button" className="main" onClick={() => void copy().catch(() => setCopied(false))}>
          {copied ? text.copied : text.copy}
        </button>
        {close && (
          <button type="button" onClick={close}>
            {text.close}
          </button>
        )}
      </div>
    </section>
  );
}
