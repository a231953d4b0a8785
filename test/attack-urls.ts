import diagnostics from 'node:diagnostics_channel';
import type { LookupAddress, LookupAllOptions, LookupOptions } from 'node:dns';
import { isIPv6, type Socket } from 'node:net';
import { promisify } from 'node:util';

/**
 * URLs that lead to what is not public, in every way of writing and hiding it that is known to have got through
 * somewhere: 77 of them, and five that are good.
 */

/** What the names of `lab.test` resolve to. One good address does not excuse another. */
export const names: Readonly<Record<string, readonly string[]>> = {
  'loop.lab.test': ['127.0.0.1'],
  'ten.lab.test': ['10.0.0.1'],
  'private16.lab.test': ['172.16.0.1'],
  'private24.lab.test': ['192.168.1.1'],
  'imds.lab.test': ['169.254.169.254'],
  'wire.lab.test': ['168.63.129.16'],
  'carrier.lab.test': ['100.64.0.1'],
  'zero.lab.test': ['0.0.0.0'],
  'reserved.lab.test': ['240.0.0.1'],
  'loop6.lab.test': ['::1'],
  'mapped.lab.test': ['::ffff:127.0.0.1'],
  'local6.lab.test': ['fd00::1'],
  'link6.lab.test': ['fe80::1'],
  'nat64.lab.test': ['64:ff9b::7f00:1'],
  'mixed.lab.test': ['93.184.216.34', '127.0.0.1'],
  'mixed6.lab.test': ['93.184.216.34', '::1'],
  'multicast.lab.test': ['224.0.0.1'],
};

/** What `rebind.lab.test` resolves to, in turn: when it is submitted, when the worker checks it, when it connects. */
const turns = ['127.0.0.2', '127.0.0.2', '127.0.0.1'];

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

function addressesOf(name: string): readonly string[] | undefined {
  // Nobody has them here: waiting for the network to say so takes seconds.
  if (/^(redis|printer\.local|metadata\.google\.internal)$/.test(name)) return [];
  if (name !== 'rebind.lab.test') return names[name.replace(/\.$/, '')];
  const turn = turns.shift() ?? '';
  turns.push(turn);
  return [turn];
}

/**
 * Answers for `lab.test` in this process, as a DNS server would that an attacker holds; other names go to the system.
 * To be called before anything imports `lookup` by its name. Answers what undoes it.
 */
export function answerForLab(): () => void {
  // Not by an import: Jest keeps what that found.
  const dns = process.getBuiltinModule('node:dns');
  const promises = process.getBuiltinModule('node:dns/promises');
  const system = { lookup: dns.lookup, inTurn: promises.lookup };
  const lookup = (name: string, options: LookupOptions, callback: Callback): void => {
    const addresses = addressesOf(name);
    if (!addresses) return system.lookup(name, options as LookupAllOptions, callback as never);
    if (addresses.length === 0) return callback(Object.assign(new Error(`${name}?`), { code: 'ENOTFOUND' }), []);
    const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
    return options.all ? callback(null, found) : callback(null, found[0]?.address ?? '', found[0]?.family);
  };
  Object.assign(dns, { lookup });
  Object.assign(promises, { lookup: promisify(lookup) });
  return () => {
    Object.assign(dns, { lookup: system.lookup });
    Object.assign(promises, { lookup: system.inTurn });
  };
}

/** Every attempt of this process to connect to something, by address and port. */
export function watchConnections() {
  const attempts: string[] = [];
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    socket.on('connectionAttempt', (ip: string, port: number) => attempts.push(`${ip} ${port}`));
  };
  diagnostics.subscribe('net.client.socket', onSocket);
  return {
    to: (ports: readonly number[]) => attempts.filter((to) => ports.some((port) => to.endsWith(` ${port}`))),
    stop: () => diagnostics.unsubscribe('net.client.socket', onSocket),
  };
}

export const literals = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '017700000001',
  '0',
  '0.0.0.0',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '%31%32%37.0.0.1',
  '127.0.0.1.',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:a9fe:a9fe]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::a00:1]',
  '[2002:7f00:1::]',
  '[2001:0:1::]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[ff02::1]',
  '[100::1]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[4000::1]',
  '[5f00::1]',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '168.63.129.16',
  '192.0.0.1',
  '198.18.0.1',
];

const local = ['localhost', 'localhost.', 'foo.localhost', 'printer.local', 'metadata.google.internal', 'redis'];

/** `port`: of a server that would answer, at an address that may not be reached. */
export function attacks(scheme: 'http' | 'https', port: number): string[] {
  const at = (host: string): string => `${scheme}://${host}/`;
  return [
    ...literals.map(at),
    ...local.map(at),
    ...Object.keys(names).map(at),
    `${scheme}://127.0.0.1:${port}/`,
    `${scheme}://93.184.216.34:6379/`,
    `${scheme}://example.com:22/`,
    `${scheme}://user:password@93.184.216.34/`,
    `${scheme}://93.184.216.34\\@127.0.0.1/`,
    `${scheme}://93.184.216.34 .lab.test/`,
    `${scheme}://93.184.216.34/\r\nx: y`,
    'ftp://93.184.216.34/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_INFO',
    'data:text/plain,x',
    `//127.0.0.1:${port}/`,
  ];
}

export const good = [
  'https://93.184.216.34/a.png',
  'https://example.com/a.png?b=c',
  'https://m\u00fcnchen.example/a.png',
  'https://[2606:2800:220:1::1]/a.png',
  'https://example.com:443/a.png',
];
