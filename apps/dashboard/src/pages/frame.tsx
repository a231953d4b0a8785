import { useEffect, useRef, useState, type ReactNode } from 'react';
import { LanguageChoice, ThemeChoice } from '../parts/choices';
import type { Scope } from '../api/types';
import { isLineId, lackingFor, paths, type Page } from '../router';
import { useSession } from '../session';
import { text } from '../text';

/** What stands around every page. */
export function Frame({ page, children }: { readonly page: Page; readonly children: ReactNode }) {
  const main = useRef<HTMLElement>(null);
  const place = 'id' in page ? `${page.name}/${page.id}` : page.name;
  const before = useRef(place);
  // On a narrow screen the menu is folded away, and again after it was used.
  const [open, setOpen] = useState(false);
  // Who goes on by keyboard or hears the page finds the new one's beginning.
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    setOpen(false);
    main.current?.focus();
    window.scrollTo(0, 0);
  }, [place]);
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
      <header data-open={open}>
        <div className="brand">
          <a className="wordmark" href={paths.batches}>
            <i className="mark" aria-hidden="true" />
            {text.product}
          </a>
          <button type="button" className="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
            {text.nav.menu}
          </button>
        </div>
        <Navigation page={page} />
        <Aside />
      </header>
      <main ref={main} id="main" tabIndex={-1}>
        <Practice />
        {children}
      </main>
    </div>
  );
}

/** Where nothing is bought it says so, and how that is changed. */
function Practice() {
  const { me } = useSession();
  if (!me.simulated) return null;
  const words = text.practice;
  return (
    <details className="practice">
      <summary>
        <strong>{words.title}</strong> {words.text}
      </summary>
      <p>{me.mode === 'test' ? words.testKey : words.connect}</p>
    </details>
  );
}

/** Pages in the order of the work, each with those that belong to it. */
const places = [
  ['new', []],
  ['batches', ['batch']],
  ['jobs', ['job']],
  ['webhooks', ['endpoint']],
  ['usage', []],
  ['providers', []],
  ['keys', []],
] as const;

function Navigation({ page }: { readonly page: Page }) {
  const { me } = useSession();
  const home = page.name === 'job' && isLineId(page.id) ? 'batch' : page.name;
  const shown = places.filter(([name]) => lackingFor(name, me.scopes).length === 0);
  return (
    <nav aria-label={text.nav.label}>
      {shown.map(([name, within]) => {
        const here = home === name || within.some((one) => one === home);
        return (
          <a key={name} href={paths[name]} className={name} aria-current={here ? 'page' : undefined}>
            {text.nav[name]}
          </a>
        );
      })}
    </nav>
  );
}

function Aside() {
  const { me, signOut } = useSession();
  const words = text.access;
  const lacking = (Object.keys(words.cannot) as Scope[]).filter((scope) => !me.scopes.includes(scope));
  return (
    <div className="aside">
      <p title={`${words.projectHint} ${words.modeHint[me.mode]}`}>
        <b>{words.project(me.project)}</b>
        <small>
          {words.mode[me.mode]}
          {me.id !== 'admin' && ` · ${me.name}`}
        </small>
        {lacking.length > 0 && (
          <small title={lacking.join(', ')}>
            {words.hidden(lacking.map((scope) => words.cannot[scope]).join(words.between))}
          </small>
        )}
      </p>
      <a href="/docs">{text.nav.docs}</a>
      <LanguageChoice />
      <ThemeChoice />
      <button type="button" className="plain" onClick={() => signOut()}>
        {text.signOut}
      </button>
    </div>
  );
}
