import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook receiver: keeps what comes, answers what it is told to. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Parsed body. */
  readonly event: { id: string; type: string; created_at: number; sequence: number; data: Record<string, unknown> };
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** How the next deliveries are answered; by default 200. A `hold` is waited for first. */
  answer: (received: Received) => {
    status: number;
    headers?: Record<string, string>;
    body?: string;
    hold?: Promise<unknown>;
  };
  /** Resolves when `count` deliveries that fit have come. */
  readonly waitFor: (count: number, fits?: (received: Received) => boolean) => Promise<Received[]>;
  readonly close: () => Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const waiters = new Set<() => void>();
  const receiver: { answer: Receiver['answer'] } = { answer: () => ({ status: 200 }) };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const one: Received = {
        path: request.url ?? '',
        headers: request.headers,
        body,
        event: JSON.parse(body) as Received['event'],
      };
      received.push(one);
      const { status, headers, body: answer, hold } = receiver.answer(one);
      const send = (): void => void response.writeHead(status, headers).end(answer);
      if (hold) void hold.then(send);
      else send();
      for (const wake of waiters) wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${port}`,
    received,
    waitFor: async (count: number, fits: (received: Received) => boolean = () => true) => {
      const matching = (): Received[] => received.filter(fits);
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (matching().length < count) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      });
      return matching();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
