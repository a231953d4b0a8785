import { useEffect, useState } from 'react';
import { languages, setLanguage, text, useLanguage, type Language } from '../text';
import { applyTheme, savedTheme, themeOf, themes } from '../theme';

export function ThemeChoice() {
  const [theme, setTheme] = useState(savedTheme);
  useEffect(() => applyTheme(theme), [theme]);
  return (
    <label className="inline">
      <span>{text.theme.label}</span>
      <select value={theme} onChange={({ target }) => setTheme(themeOf(target.value))}>
        {themes.map((one) => (
          <option key={one} value={one}>
            {text.theme[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

export function LanguageChoice() {
  const language = useLanguage();
  const names = Object.keys(languages) as Language[];
  return (
    <label className="inline">
      <span>{text.language}</span>
      <select
        value={language}
        onChange={({ target }) => setLanguage(names.find((one) => one === target.value) ?? 'en')}
      >
        {names.map((one) => (
          <option key={one} value={one} lang={one}>
            {languages[one]}
          </option>
        ))}
      </select>
    </label>
  );
}
