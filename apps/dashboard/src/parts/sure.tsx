import { useState, type ReactNode } from 'react';
import { text } from '../text';

/** A button that asks once more before it does something that is not undone. */
export function Sure({
  words,
  question,
  yes,
  busy,
  act,
  grave = true,
  children,
}: {
  readonly words: string;
  readonly question: string;
  readonly yes: string;
  readonly busy: boolean;
  readonly act: () => void;
  readonly grave?: boolean;
  readonly children?: ReactNode;
}) {
  const [asking, setAsking] = useState(false);
  const kind = grave ? 'grave' : '';
  return (
    <>
      <button type="button" className={kind} disabled={busy} aria-expanded={asking} onClick={() => setAsking(!asking)}>
        {words}
      </button>
      {asking && (
        <div className="sure" role="group" aria-label={words}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              setAsking(false);
              act();
            }}
          >
            <p>{question}</p>
            {children}
            <button type="submit" className={grave ? 'grave' : 'main'} disabled={busy}>
              {yes}
            </button>
            <button type="button" onClick={() => setAsking(false)}>
              {text.keep}
            </button>
          </form>
        </div>
      )}
    </>
  );
}
