import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyWebhook } from '@rendermill/shared/domain/webhook-signature';

/** A webhook receiver as a shop would have one: it believes nothing that is not signed. */
export interface WebhookReceiver {
  readonly url: string;
  /** Types of the events that came with a good signature, by the id of their batch. */
  readonly verified: ReadonlyMap<string, readonly string[]>;
  readonly refused: () => number;
  /** The secret that it verifies with; known once the API runs. */
  trust(secret: string): void;
  /** Resolves when this event of this batch has come, or after a while. */
  waitFor(type: string, batch: string, ms: number): Promise<void>;
  close(): Promise<void>;
}

interface Event {
  readonly type: string;
  readonly data: { readonly id: string };
}

export async function receiveWebhooks(): Promise<WebhookReceiver> {
  const verified = new Map<string, string[]>();
  let refused = 0;
  let secret: string | null = null;
  let check: () => void = () => undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const headers = request.headers as Record<string, string | undefined>;
      if (secret === null || !verifyWebhook(secret, headers, body, Math.floor(Date.now() / 1_000))) {
        refused++;
        response.writeHead(401).end();
        return;
      }
      const { type, data } = JSON.parse(body) as Event;
      verified.set(data.id, [...(verified.get(data.id) ?? []), type]);
      response.writeHead(204).end();
      check();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/rendermill`,
    verified,
    refused: () => refused,
    trust: (known) => {
      secret = known;
    },
    waitFor: async (type, batch, ms) => {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        check = () => {
          if (!verified.get(batch)?.includes(type)) return;
          clearTimeout(timer);
          resolve();
        };
        check();
      });
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
