import { intlTag, text } from './text';

/** Figures as people read them, in the language of the page. */

type Options = Intl.NumberFormatOptions;
const made = new Map<string, Intl.NumberFormat>();

/** Formatters are dear to make: one per language and kind. */
function number(kind: string, options: Options): Intl.NumberFormat {
  const name = `${intlTag()} ${kind}`;
  const known = made.get(name) ?? new Intl.NumberFormat(intlTag(), options);
  made.set(name, known);
  return known;
}

const dollars = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' } as const;

/** What is not known is not zero. */
export function usd(amount: number | null): string {
  if (amount === null) return '–';
  const isSmall = amount !== 0 && Math.abs(amount) < 1;
  return number(isSmall ? 'small' : 'money', {
    ...dollars,
    minimumFractionDigits: 2,
    maximumFractionDigits: isSmall ? 4 : 2,
  }).format(amount);
}

export function usdRange(min: number, max: number): string {
  return usd(min) === usd(max) ? usd(max) : `${usd(min)} – ${usd(max)}`;
}

export function count(value: number): string {
  return number('whole', {}).format(value);
}

export function percent(share: number): string {
  // 99.97 % is not done yet.
  const whole = share >= 1 ? 100 : Math.min(99, Math.floor(share * 100));
  return number('percent', { style: 'percent' }).format(whole / 100);
}

export function when(seconds: number): string {
  return new Intl.DateTimeFormat(intlTag(), { dateStyle: 'medium', timeStyle: 'short' }).format(seconds * 1_000);
}

/** With seconds, where tries follow each other closely. */
export function whenExactly(seconds: number): string {
  return new Intl.DateTimeFormat(intlTag(), { dateStyle: 'medium', timeStyle: 'medium' }).format(seconds * 1_000);
}

/** A day as `2026-11-21`, which is one of UTC. */
export function day(date: string): string {
  if (date === '') return '';
  return new Intl.DateTimeFormat(intlTag(), { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(date));
}

const unit = (value: number, name: string): string =>
  number(name, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);

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
  const past = Date.now() / 1_000 - seconds;
  if (past < 60) return text.justNow;
  const relative = new Intl.RelativeTimeFormat(intlTag(), { numeric: 'auto', style: 'short' });
  if (past < 3_600) return relative.format(-Math.floor(past / 60), 'minute');
  if (past < 86_400) return relative.format(-Math.floor(past / 3_600), 'hour');
  return when(seconds);
}
