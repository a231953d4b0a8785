import { keep, kept } from './keep';

/** The colours that were chosen here, else those of the system. */

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const saved = 'rendermill.theme';

export const themeOf = (name: string | null): Theme => themes.find((theme) => theme === name) ?? 'auto';

export const savedTheme = (): Theme => themeOf(kept('localStorage', saved));

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
  keep('localStorage', saved, theme);
}
