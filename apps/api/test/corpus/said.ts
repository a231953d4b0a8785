import { connect } from 'node:net';
import type { World } from '../../../../test/world.js';

/** What the API said to one request of the corpus, however strange the request was. */
export interface Said {
  /** `closed`: it hung up without a word. */
  readonly status: number | 'closed';
  readonly text: string;
}

export interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Of another API key; null for none. */
  readonly key?: string | null;
}

export async function ask(world: World, request: Request): Promise<Said & { readonly headers: Headers }> {
  const { method = 'GET', path = '/v1/jobs', headers = {}, body, key = world.key } = request;
  const response = await fetch(world.url + path, {
    method,
    headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
    // As bytes: of a string fetch would say that it is text.
    ...(body === undefined ? {} : { body: Buffer.from(body as string) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A job's body, as it is or as these bytes. */
export async function post(
  world: World,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  path = '/v1/jobs',
): Promise<Said & { readonly headers: Headers }> {
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return ask(world, { method: 'POST', path, headers: { 'content-type': 'application/json', ...headers }, body: bytes });
}

/** Bytes of a connection of their own, and what comes back: one answer, or as much of it as there is before the end. */
export async function raw(url: string, request: string | readonly string[]): Promise<Said & { readonly head: string }> {
  const { hostname, port } = new URL(url);
  const lines = typeof request === 'string' ? request : `${request.join('\r\n')}\r\n\r\n`;
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(lines, 'latin1'));
    const done = (): void => {
      socket.destroy();
      const [head = '', text = ''] = answer.split('\r\n\r\n');
      resolve({ status: answer === '' ? 'closed' : Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]), text, head });
    };
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      const length = /content-length: (\d+)/i.exec(answer)?.[1];
      const end = answer.indexOf('\r\n\r\n');
      if (length !== undefined && end >= 0 && answer.length >= end + 4 + Number(length)) done();
    });
    // A server that refuses what is still being sent may reset the connection behind its answer.
    socket.on('error', done);
    socket.on('end', done);
  });
}
