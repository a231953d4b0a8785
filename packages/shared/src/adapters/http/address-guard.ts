import ipaddr from 'ipaddr.js';

/** Which addresses a URL from outside may lead to. Decided on addresses, never on names alone. */

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Azure's WireServer: in a public range, and inside every Azure network. */
const azureWireServer = '168.63.129.16';
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
const documentation2024 = ipaddr.IPv6.parseCIDR('3fff::/20');

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  if (address instanceof ipaddr.IPv4) return address.toString() !== azureWireServer;
  return address.match(globalUnicast) && !address.match(documentation2024);
}

export class AddressGuard {
  readonly #nets: readonly [Address, number][];

  /** `allowNets`: CIDRs that may be reached although they are private. Throws where one is not a CIDR. */
  constructor(allowNets: readonly string[]) {
    this.#nets = allowNets.map((net) => ipaddr.parseCIDR(net));
  }

  /** `public`, `allowed` (private, but named by RENDERMILL_ALLOW_NETS) or `blocked`. */
  judge(ip: string): 'public' | 'allowed' | 'blocked' {
    if (!ipaddr.isValid(ip)) return 'blocked';
    // An IPv4 address in IPv6's clothes is judged as what it is.
    const address = ipaddr.process(ip);
    const allowed = this.#nets.some(
      ([net, bits]) =>
        net.kind() === address.kind() && address.match([net, bits] as [ipaddr.IPv4 & ipaddr.IPv6, number]),
    );
    if (allowed) return 'allowed';
    return isPublic(address) ? 'public' : 'blocked';
  }

  get allowsAny(): boolean {
    return this.#nets.length > 0;
  }
}

/** The address that a URL's host is, where it is one and no name; WHATWG has unified its spelling already. */
export function literalAddress(hostname: string): string | null {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return ipaddr.isValid(bare) ? bare : null;
}
