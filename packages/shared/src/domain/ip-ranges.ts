import ipaddr from 'ipaddr.js';

/** Ranges of addresses, as CIDR (`203.0.113.0/24`, `2001:db8::/32`) or as one address. */

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function parseRange(text: string): [Address, number] | null {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  // ipaddr.js reads `1` and `0x7f.1` as addresses too; people who write a range mean four parts.
  if (!text.includes(':') && !/^\d+\.\d+\.\d+\.\d+$/.test(text)) return null;
  if (!ipaddr.isValid(text)) return null;
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

export function isRange(text: string): boolean {
  return parseRange(text) !== null;
}

/** True where the address lies in one of the ranges. An IPv4 address in IPv6's clothes counts as what it is. */
export function inRanges(address: string, ranges: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const asked = ipaddr.process(address);
  return ranges.some((text) => {
    const range = parseRange(text);
    if (range === null || range[0].kind() !== asked.kind()) return false;
    return asked.match(range);
  });
}

/** Whom an address stands for: an IPv6 network of 64 bits is one subscriber's. */
export function subscriberOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return (parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join('-');
}
