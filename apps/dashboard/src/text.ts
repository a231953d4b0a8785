import { useSyncExternalStore } from 'react';
import { keep, kept } from './keep';
import { en, type Text } from './text/en';
import { zh } from './text/zh';

/** The words of the page in the language that is chosen: read while a page is drawn, never kept. */

const words = { en, zh };
export type Language = keyof typeof words;
/** Each in its own. */
export const languages: Readonly<Record<Language, string>> = { en: 'English', zh: '简体中文' };
/** As Intl and the document name them. */
const tags: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-Hans' };

const saved = 'rendermill.language';
const listeners = new Set<() => void>();

export let language: Language = firstLanguage();
export let text: Text = words[language];
document.documentElement.lang = tags[language];

/** What was chosen here before, else the first of the browser's languages that there is. */
function firstLanguage(): Language {
  const chosen = kept('localStorage', saved);
  if (chosen === 'en' || chosen === 'zh') return chosen;
  const known = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return known.find((tag): tag is Language => tag === 'en' || tag === 'zh') ?? 'en';
}

export function setLanguage(next: Language): void {
  language = next;
  text = words[next];
  keep('localStorage', saved, next);
  document.documentElement.lang = tags[next];
  for (const changed of listeners) changed();
}

/** Whoever uses it is drawn anew when the language changes. */
export function useLanguage(): Language {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => language,
  );
}

export const intlTag = (): string => tags[language];
