import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { isIP, isIPv4, isIPv6, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { literals, names } from '../attack-urls.js';
import { startNameServer } from './name-server.js';

/**
 * The internet as an attacker would have it, within a network and mount namespace that holds nothing else: every
 * address of the attacks and of the good URLs is there, names are resolved by the system from a DNS server, and at
 * every address something listens on every port that the attacks name. To be opened in a fresh namespace only.
 */
export interface Lab {
  /** Of the trap that has no well-known port. */
  readonly port: number;
  /** For NODE_EXTRA_CA_CERTS: what the servers' certificate is trusted by. */
  readonly certificate: string;
  /** What came to a trap: `address port` of a connection; at a good address and its port 443 only requests for other things. */
  readonly trapped: string[];
  /** What came to a good server for its picture, which `?to=…` redirects: `method address path`. */
  readonly visited: string[];
  readonly close: () => Promise<void>;
}

const goodAddresses = ['93.184.216.34', '2606:2800:220:1::1'];

/** Beside `lab.test`: names that only some network has, and those that everybody has. */
const more: Readonly<Record<string, readonly string[]>> = {
  localhost: ['127.0.0.1', '::1'],
  'foo.localhost': ['127.0.0.1'],
  'printer.local': ['192.168.1.1'],
  'metadata.google.internal': ['169.254.169.254'],
  redis: ['10.0.0.1'],
  'example.com': goodAddresses,
  'xn--mnchen-3ya.example': goodAddresses,
};

export async function openLab(dir: string): Promise<Lab> {
  const addresses = addressesOfTheLab();
  writeFileSync(join(dir, 'ip'), addresses.map((one) => `address add ${one} dev lo\n`).join(''));
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  execFileSync('ip', ['-batch', join(dir, 'ip')]);
  replace(dir, '/etc/hosts', '127.0.0.1 localhost\n::1 localhost\n');
  replace(dir, '/etc/resolv.conf', 'nameserver 127.0.0.1\n');
  replace(dir, '/etc/nsswitch.conf', 'hosts: files dns\n');
  const dns = await startNameServer(answersOfTheLab());
  const certificate = makeCertificate(dir, addresses);

  const trapped: string[] = [];
  const visited: string[] = [];
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#40a0c0' } })
    .png()
    .toBuffer();
  const isGood = (socket: Socket): boolean => socket.localPort === 443 && goodAddresses.includes(placeOf(socket));
  const onConnection = (socket: Socket): void => {
    if (!isGood(socket)) trapped.push(`${placeOf(socket)} ${socket.localPort}`);
  };
  const onRequest: RequestListener = (request, response) => {
    request.resume();
    const wanted = isGood(request.socket) && request.url?.startsWith('/a.png');
    if (wanted) visited.push(`${request.method} ${placeOf(request.socket)} ${request.url}`);
    else if (isGood(request.socket)) trapped.push(`${placeOf(request.socket)} 443`);
    const to = wanted && new URL(request.url ?? '', 'https://example.com').searchParams.get('to');
    // Each time anew, so that names are resolved anew.
    response.setHeader('connection', 'close');
    if (to) response.writeHead(302, { location: Buffer.from(to).toString('latin1') });
    request.on('end', () => response.end(wanted ? picture : 'secret'));
  };
  // One socket per port has every address, of both families.
  const listen = async (server: Server, port: number): Promise<Server> => {
    server.on('connection', onConnection);
    await new Promise<void>((resolve) => server.listen(port, '::', resolve));
    return server;
  };
  const tls = { cert: readFileSync(certificate), key: readFileSync(join(dir, 'key.pem')) };
  const anywhere = await listen(createServer(onRequest), 0);
  const servers = [
    anywhere,
    await listen(createTlsServer(tls, onRequest), 443),
    ...(await Promise.all([80, 22, 6_379].map(async (port) => listen(createServer(onRequest), port)))),
  ];
  return {
    port: (anywhere.address() as AddressInfo).port,
    certificate,
    trapped,
    visited,
    close: async () => {
      dns.close();
      await Promise.all(servers.map(async (one) => new Promise((resolve) => one.close(resolve))));
    },
  };
}

const placeOf = (socket: Socket): string => (socket.localAddress ?? '').replace(/^::ffff:(?=[\d.]+$)/, '');

/** Those that the loopback does not have by itself, and that an interface can have: no mapped and no multicast ones. */
function addressesOfTheLab(): string[] {
  const all = [...literals, ...Object.values(names).flat()]
    .map((host) => (isIPv6(host) ? `[${host}]` : host))
    .map((host) => new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, ''));
  const given = all.filter((host) => isIP(host) && !/^(127\.|0\.0\.0\.0|224\.|::1?$|::ffff:|ff02:)/.test(host));
  return [...new Set([...given, ...goodAddresses])].map((host) => `${host}/${isIPv4(host) ? 32 : 128}`);
}

/** `rebind.lab.test` is the good server whenever it is asked for the first time, the third, and so on. */
function answersOfTheLab() {
  let turn = 0;
  return (name: string, family: 4 | 6): readonly string[] | undefined => {
    if (name === 'rebind.lab.test') return family === 6 ? [] : [turn++ % 2 === 0 ? '93.184.216.34' : '127.0.0.1'];
    return (names[name] ?? more[name])?.filter((address) => isIP(address) === family);
  };
}

function replace(dir: string, file: string, text: string): void {
  const ours = join(dir, file.replaceAll('/', '-'));
  writeFileSync(ours, text);
  execFileSync('mount', ['--bind', ours, file]);
}

function makeCertificate(dir: string, addresses: readonly string[]): string {
  const certificate = join(dir, 'certificate.pem');
  const places = [...addresses.map((one) => one.replace(/\/.*/, '')), '127.0.0.1', '::1'].map((one) => `IP:${one}`);
  const hosts = [...Object.keys(names), ...Object.keys(more), 'rebind.lab.test'].map((one) => `DNS:${one}`);
  const subject = ['-subj', '/CN=lab.test', '-addext', `subjectAltName=${[...places, ...hosts].join(',')}`];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', join(dir, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', ...key, '-days', '2', '-out', certificate, ...subject], { stdio: 'pipe' });
  return certificate;
}
