/** Figures as people read them. */

const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', minimumFractionDigits: 2 });
const small = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', maximumFractionDigits: 4 });
const whole = new Intl.NumberFormat('en');
const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** What is not known is not zero. */
export function usd(amount: number | null): string {
  if (amount === null) return '–';
  return (amount !== 0 && Math.abs(amount) < 1 ? small : money).format(amount);
}

export function usdRange(min: number, max: number): string {
  return usd(min) === usd(max) ? usd(max) : `${usd(min)} – ${usd(max)}`;
}

export function count(value: number): string {
  return whole.format(value);
}

export function percent(share: number): string {
  // 99.97 % is not done yet.
  return `${share >= 1 ? 100 : Math.min(99, Math.floor(share * 100))} %`;
}

export function when(seconds: number): string {
  return moment.format(new Date(seconds * 1_000));
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}

export function size(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
