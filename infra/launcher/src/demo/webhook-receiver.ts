import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyWebhook } from '@rendermill/shared/domain/webhook-signature';

/** A webhook receiver as a shop would have one: it believes nothing that is not signed. */
export interface WebhookReceiver {
  readonly url: string;
  /** Job ids whose event came with a good signature. */
  readonly verified: ReadonlySet<string>;
  readonly refused: () => number;
  /** The secret that it verifies with; known once the endpoint is registered. */
  trust(secret: string): void;
  /** Resolves when events of so many jobs have come, or after a while. */
  waitFor(jobs: number, ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function receiveWebhooks(onEvent: () => void): Promise<WebhookReceiver> {
  const verified = new Set<string>();
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
      verified.add((JSON.parse(body) as { data: { id: string } }).data.id);
      response.writeHead(204).end();
      onEvent();
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
    waitFor: async (jobs, ms) => {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        check = () => {
          if (verified.size < jobs) return;
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
