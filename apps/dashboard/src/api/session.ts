/** The key lies in this tab's storage: it is gone with the tab, and no other tab or disk has it. */

const name = 'rendermill.key';

/** The key that was pasted before, or that `npm start` handed over as `#key=…`; that one leaves the address at once. */
export function takeKey(): string | null {
  const handed = /^#key=(.+)$/.exec(window.location.hash)?.[1];
  if (handed === undefined) return sessionStorage.getItem(name);
  window.history.replaceState(null, '', window.location.pathname);
  const key = decodeText(handed);
  sessionStorage.setItem(name, key);
  return key;
}

export function keepKey(key: string): void {
  sessionStorage.setItem(name, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(name);
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray % in what was pasted: the API will say that it is no key of its.
    return text;
  }
}
