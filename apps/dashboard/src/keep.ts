/** What the browser keeps for this page. One that lets nothing be kept is no reason to fail: it is asked again next time. */

type Where = 'localStorage' | 'sessionStorage';

export function kept(where: Where, name: string): string | null {
  try {
    return window[where].getItem(name);
  } catch {
    return null;
  }
}

/** Null: it is forgotten. */
export function keep(where: Where, name: string, value: string | null): void {
  try {
    if (value === null) window[where].removeItem(name);
    else window[where].setItem(name, value);
  } catch {
    // Storage is forbidden or full: it lasts as long as the page.
  }
}
