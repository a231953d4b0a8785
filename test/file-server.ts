import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A stranger's HTTP server, at an address of this machine's loopback: the test says what it answers. */
export interface FileServer {
  /** `http://127.0.0.2:port` */
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  answer: (path: string, response: ServerResponse, request: IncomingMessage) => void;
  readonly close: () => Promise<void>;
}

export async function startFileServer(address = '127.0.0.1'): Promise<FileServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    files.answer(request.url ?? '', response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const files: FileServer = {
    url: `http://${address}:${(server.address() as AddressInfo).port}`,
    asked,
    answer: (_path, response) => void response.writeHead(404).end(),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return files;
}
