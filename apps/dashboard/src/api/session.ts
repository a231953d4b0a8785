import { keep, kept } from '../keep';

/** The key lies in this tab's storage: it is gone with the tab, and no other tab or disk has it. */

const name = 'rendermill.key';

export interface Held {
  readonly key: string;
  /** The key that the page was opened with. */
  readonly since: string;
  /** The API has taken it before: should it be refused, it was revoked or has expired. */
  readonly hasWorked: boolean;
}

/** The key that `npm start` hands over as `#key=…`; it leaves the address and the history at once. */
export function handedKey(): Held | null {
  const handed = /^#key=(.+)$/.exec(window.location.hash)?.[1];
  if (handed === undefined) return null;
  window.history.replaceState(null, '', window.location.pathname);
  const key = decodeText(handed);
  keepKey(key);
  return held(key, false);
}

export function keptKey(): Held | null {
  const key = kept('sessionStorage', name);
  return key === null ? null : held(key, true);
}

export const held = (key: string, hasWorked: boolean): Held => ({ key, since: key, hasWorked });

export const keepKey = (key: string): void => keep('sessionStorage', name, key);

export const forgetKey = (): void => keep('sessionStorage', name, null);

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray % in what was pasted: the API will say that it is no key of its.
    return text;
  }
}
