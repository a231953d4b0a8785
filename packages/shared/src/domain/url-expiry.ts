/** When a result link dies, in milliseconds since the epoch: from the link itself, else after the preset's usual life. */
export function urlExpiry(url: string, now: number, usualMs: number): number {
  const fallback = now + usualMs;
  if (!URL.canParse(url)) return fallback;
  const query = new URL(url).searchParams;
  const amzDate = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '');
  const amzExpires = Number(query.get('X-Amz-Expires'));
  if (amzDate && amzExpires > 0) {
    const [, y, mo, d, h, mi, s] = amzDate.map(Number);
    return Date.UTC(y ?? 0, (mo ?? 1) - 1, d, h, mi, s) + amzExpires * 1_000;
  }
  const unix = Number(query.get('Expires') ?? query.get('expires') ?? query.get('exp'));
  if (unix > 1_000_000_000 && unix < 10_000_000_000) return unix * 1_000;
  // Azure's shared access signature.
  const azure = Date.parse(query.get('se') ?? '');
  return Number.isNaN(azure) ? fallback : azure;
}
