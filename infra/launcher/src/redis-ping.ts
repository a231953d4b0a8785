import { connect, type NetConnectOpts } from 'node:net';

/** Where a Redis listens. */
export interface RedisAddress {
  readonly connect: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly password?: string | undefined;
}

/**
 * `ready`: it serves. `loading`: it reads its append-only file, which takes as long as that is big.
 * Anything else is why not, in its own words.
 */
export type Pong = 'ready' | 'loading' | { readonly trouble: string };

/** One PING in RESP's inline form. A client library would bring reconnects and queues that a probe must not have. */
export function ping(address: RedisAddress, limitMs = 1_000): Promise<Pong> {
  return new Promise((resolve) => {
    const options: NetConnectOpts = { ...address.connect, timeout: limitMs };
    const socket = connect(options);
    let text = '';
    const answer = (pong: Pong) => {
      socket.destroy();
      resolve(pong);
    };
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const lines = text.split('\r\n').slice(0, -1);
      const error = lines.find((line) => line.startsWith('-'));
      if (error !== undefined) answer(error.startsWith('-LOADING') ? 'loading' : { trouble: error.slice(1) });
      else if (lines.includes('+PONG')) answer('ready');
    });
    socket.on('timeout', () => answer({ trouble: `no answer in ${limitMs} ms` }));
    socket.on('error', (error) => answer({ trouble: error.message }));
    socket.on('close', () => answer({ trouble: 'closed the connection' }));
    socket.write(`${address.password === undefined ? '' : `AUTH ${address.password}\r\n`}PING\r\n`);
  });
}
