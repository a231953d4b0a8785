import { useEffect, useRef, useState, type ReactNode } from 'react';
import { paths, type Page } from '../router';
import { useSession } from '../session';
import { text } from '../text';

type Theme = 'auto' | 'light' | 'dark';
const themes: readonly Theme[] = ['auto', 'light', 'dark'];

function savedTheme(): Theme {
  const saved = localStorage.getItem('rendermill.theme');
  return themes.find((theme) => theme === saved) ?? 'auto';
}

/** What stands around every page. */
export function Frame({ page, children }: { readonly page: Page; readonly children: ReactNode }) {
  const { signOut } = useSession();
  const main = useRef<HTMLElement>(null);
  const place = 'id' in page ? `${page.name}/${page.id}` : page.name;
  const before = useRef(place);
  // Who goes on by keyboard or hears the page finds the new one's beginning.
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    main.current?.focus();
    window.scrollTo(0, 0);
  }, [place]);

  const link = (to: string, here: boolean, words: string) => (
    <a href={to} aria-current={here ? 'page' : undefined}>
      {words}
    </a>
  );
  const inBatches = page.name === 'batches' || page.name === 'batch' || page.name === 'job';
  return (
    <div className="frame">
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {text.skip}
      </a>
      <header>
        <a className="wordmark" href={paths.batches}>
          {text.product}
        </a>
        <nav aria-label={text.nav.label}>
          {link(paths.batches, inBatches, text.nav.batches)}
          {link(paths.new, page.name === 'new', text.nav.new)}
          {link(paths.providers, page.name === 'providers', text.nav.providers)}
        </nav>
        <div className="aside">
          <a href="/docs">{text.nav.docs}</a>
          <ThemeChoice />
          <button type="button" className="plain" onClick={() => signOut()}>
            {text.signOut}
          </button>
        </div>
      </header>
      <main ref={main} id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function ThemeChoice() {
  const [theme, setTheme] = useState(savedTheme);
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme;
    localStorage.setItem('rendermill.theme', theme);
  }, [theme]);
  return (
    <label className="inline">
      <span>{text.theme.label}</span>
      <select value={theme} onChange={({ target }) => setTheme(themes.find((one) => one === target.value) ?? 'auto')}>
        {themes.map((one) => (
          <option key={one} value={one}>
            {text.theme[one]}
          </option>
        ))}
      </select>
    </label>
  );
}
