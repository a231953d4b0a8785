import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { text } from '../text';
import { useFocusKept } from '../use-focus';

interface Props {
  readonly words: string;
  readonly question: string;
  readonly yes: string;
  /** What to leave it is called. */
  readonly no?: string;
  readonly busy: boolean;
  readonly act: () => void;
  readonly kind?: 'grave' | 'main' | 'plain' | '';
  readonly children?: ReactNode;
}

/** A button that asks once more; the keyboard goes into the question, and Escape and both answers lead back. */
export function Sure({ words, question, yes, no = text.keep, busy, act, kind = 'grave', children }: Props) {
  const [asking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();
  useFocusKept(button, panel);
  // The question is heard first: a key that is still held down answers nothing.
  useEffect(() => {
    if (asking) (panel.current?.querySelector('input') ?? panel.current)?.focus();
  }, [asking]);
  const close = (): void => {
    setAsking(false);
    button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className={kind}
        // Not `disabled`: that would take the focus from it.
        aria-disabled={busy}
        aria-expanded={asking}
        onClick={() => !busy && setAsking(!asking)}
      >
        {words}
      </button>
      {asking && (
        <div
          ref={panel}
          className="sure"
          role="group"
          aria-label={words}
          aria-describedby={id}
          tabIndex={-1}
          onKeyDown={({ key }) => key === 'Escape' && close()}
        >
          <p id={id}>{question}</p>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              close();
              act();
            }}
          >
            {children}
            <button type="submit" className={kind === 'grave' ? kind : 'main'} disabled={busy}>
              {yes}
            </button>
            <button type="button" onClick={close}>
              {no}
            </button>
          </form>
        </div>
      )}
    </>
  );
}
