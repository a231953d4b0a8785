import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { S3Options } from '../adapters/storage/s3-client.js';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

/** Answers a request; returning nothing leaves it with 200 and no body, returning a promise does so once that resolves. */
type Answer = (request: SeenRequest, response: ServerResponse, incoming: IncomingMessage) => void | Promise<void>;

export interface S3Stub {
  readonly options: S3Options & { readonly endpoint: string };
  readonly seen: SeenRequest[];
  close(): Promise<void>;
}

/**
 * An S3 server that says what a test wants it to say, for answers that a real one does not give on demand.
 * What real servers do is tested with a real one.
 */
export async function openS3Stub(answer: Answer): Promise<S3Stub> {
  const seen: SeenRequest[] = [];
  const answerTo = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers };
    seen.push(request);
    await answer(request, response, incoming);
    if (response.writableEnded || response.headersSent || response.destroyed) return;
    await text(incoming);
    response.end();
  };
  const server = createServer((incoming, response) => {
    answerTo(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
  return {
    seen,
    options: {
      bucket: 'stub',
      prefix: '/some/prefix/',
      endpoint: `http://127.0.0.1:${address.port}`,
      region: 'us-east-1',
      checksums: 'WHEN_REQUIRED',
      credentials: { accessKeyId: 'stub-access', secretAccessKey: 'stub-secret' },
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An error as S3 says it. */
export function refuse(response: ServerResponse, status: number, code: string): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>stub</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length }).end(body);
}
