import { useState } from 'react';
import { ApiError, Client, messageOf } from '../api/client';
import { LanguageChoice, ThemeChoice } from '../parts/choices';
import { Problem } from '../parts/notice';
import { text } from '../text';

/** The first page: a key is tried at the API before it is kept. */
export function KeyEntry({ reason, use }: { readonly reason: string | null; readonly use: (key: string) => void }) {
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(reason);

  async function tryIt(): Promise<void> {
    setBusy(true);
    setProblem(null);
    const given = key.trim();
    try {
      await new Client(given).get('/v1/api_keys/current');
      use(given);
    } catch (error) {
      const refused = error instanceof ApiError && error.status === 401;
      setProblem(refused ? text.key.refused : messageOf(error));
      setBusy(false);
    }
  }

  return (
    <main className="entry">
      <p className="wordmark">
        <i className="mark" aria-hidden="true" />
        {text.product}
      </p>
      <h1>{text.key.title}</h1>
      <p className="lead">{text.key.lead}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void tryIt();
        }}
      >
        <label htmlFor="key">{text.key.label}</label>
        <div className="together">
          <input
            id="key"
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
            placeholder="rm_live_…"
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
          <button type="submit" className="main" disabled={busy}>
            {busy ? text.key.opening : text.key.open}
          </button>
        </div>
      </form>
      <Problem message={problem} />
      <details>
        <summary>{text.key.where}</summary>
        <p>{text.key.whereText}</p>
      </details>
      <footer>
        <LanguageChoice />
        <ThemeChoice />
      </footer>
    </main>
  );
}
