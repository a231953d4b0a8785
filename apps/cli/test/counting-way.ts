import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way to the API that counts the bytes of pictures that pass, and can hold one in its middle, and cut it there. */
export interface CountingWay {
  readonly url: string;
  /** The pictures that were asked for, with the bytes that passed. */
  readonly passed: { path: string; range: string | undefined; bytes: number }[];
  /** What happens to the next picture after half of it; then to none. */
  next: 'pass' | 'hold';
  /** Breaks the connections of those that are held. */
  readonly cut: () => void;
  /** Sends their other half. */
  readonly release: () => void;
  readonly close: () => Promise<void>;
}

export async function startCountingWay(target: string): Promise<CountingWay> {
  const passed: CountingWay['passed'] = [];
  const held: { response: ServerResponse; rest: Buffer }[] = [];
  const way = { next: 'pass' as CountingWay['next'] };
  const server = createServer((incoming, outgoing) => {
    const forward = request(target + (incoming.url ?? ''), { method: incoming.method, headers: incoming.headers });
    forward.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (incoming.url?.includes('/images/')) void picture(incoming, answer, outgoing);
      else answer.pipe(outgoing);
    });
    forward.once('error', () => outgoing.destroy());
    incoming.pipe(forward);
  });
  const picture = async (incoming: IncomingMessage, answer: IncomingMessage, outgoing: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const whole = Buffer.concat(chunks);
    const how = way.next;
    way.next = 'pass';
    const sent = how === 'pass' ? whole : whole.subarray(0, Math.floor(whole.length / 2));
    passed.push({ path: incoming.url ?? '', range: incoming.headers.range, bytes: sent.length });
    if (how === 'pass') outgoing.end(sent);
    else {
      outgoing.write(sent);
      held.push({ response: outgoing, rest: whole.subarray(sent.length) });
    }
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(way, {
    url: `http://127.0.0.1:${port}`,
    passed,
    cut: () => {
      for (const { response } of held.splice(0)) response.destroy();
    },
    release: () => {
      for (const { response, rest } of held.splice(0)) response.end(rest);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
