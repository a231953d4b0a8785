import { intlTag, text } from './text';

/** Figures as people read them, in the language of the page. */

/** Formatters are dear to make: one for each language. */
function perLanguage<T>(make: (tag: string) => T): () => T {
  const made = new Map<string, T>();
  return () => {
    const tag = intlTag();
    const known = made.get(tag) ?? make(tag);
    made.set(tag, known);
    return known;
  };
}

const number = (options: Intl.NumberFormatOptions) => perLanguage((tag) => new Intl.NumberFormat(tag, options));
const date = (options: Intl.DateTimeFormatOptions) => perLanguage((tag) => new Intl.DateTimeFormat(tag, options));

const dollars = {
  style: 'currency',
  currency: 'USD',
  currencyDisplay: 'narrowSymbol',
  minimumFractionDigits: 2,
} as const;
const money = number({ ...dollars, maximumFractionDigits: 2 });
const smallMoney = number({ ...dollars, maximumFractionDigits: 4 });
const whole = number({});
const ofHundred = number({ style: 'percent' });
const minuteOfDay = date({ dateStyle: 'medium', timeStyle: 'short' });
const secondOfDay = date({ dateStyle: 'medium', timeStyle: 'medium' });
const dayOfMonth = date({ day: 'numeric', month: 'short', timeZone: 'UTC' });
const past = perLanguage((tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'short' }));
const unitOf = (unit: string) => number({ style: 'unit', unit, unitDisplay: 'short' });
const units = {
  millisecond: unitOf('millisecond'),
  second: unitOf('second'),
  minute: unitOf('minute'),
  hour: unitOf('hour'),
  day: unitOf('day'),
  kilobyte: unitOf('kilobyte'),
  megabyte: unitOf('megabyte'),
};

/** What is not known is not zero. */
export function usd(amount: number | null): string {
  if (amount === null) return '–';
  const isSmall = amount !== 0 && Math.abs(amount) < 1;
  return (isSmall ? smallMoney : money)().format(amount);
}

export function usdRange(min: number, max: number): string {
  return usd(min) === usd(max) ? usd(max) : `${usd(min)} – ${usd(max)}`;
}

export function count(value: number): string {
  return whole().format(value);
}

export function percent(share: number): string {
  // 99.97 % is not done yet.
  const full = share >= 1 ? 100 : Math.min(99, Math.floor(share * 100));
  return ofHundred().format(full / 100);
}

export function when(seconds: number): string {
  return minuteOfDay().format(seconds * 1_000);
}

/** With seconds, where tries follow each other closely. */
export function whenExactly(seconds: number): string {
  return secondOfDay().format(seconds * 1_000);
}

/** A day as `2026-11-21`, which is one of UTC. */
export function day(iso: string): string {
  if (iso === '') return '';
  return dayOfMonth().format(new Date(iso));
}

const unit = (value: number, name: keyof typeof units): string => units[name]().format(value);

export function duration(seconds: number): string {
  if (seconds < 60) return unit(Math.ceil(seconds), 'second');
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return unit(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${unit(hours, 'hour')} ${unit(minutes % 60, 'minute')}`;
  return unit(Math.round(hours / 24), 'day');
}

export function milliseconds(ms: number): string {
  return ms < 1_000 ? unit(ms, 'millisecond') : unit(Math.round(ms / 100) / 10, 'second');
}

export function size(bytes: number): string {
  if (bytes < 1_000_000) return unit(Math.ceil(bytes / 1_000), 'kilobyte');
  return unit(Math.round(bytes / 100_000) / 10, 'megabyte');
}

/** `5 minutes ago`, and the day where that is long past. */
export function ago(seconds: number): string {
  const since = Date.now() / 1_000 - seconds;
  if (since < 60) return text.justNow;
  if (since < 3_600) return past().format(-Math.floor(since / 60), 'minute');
  if (since < 86_400) return past().format(-Math.floor(since / 3_600), 'hour');
  return when(seconds);
}
