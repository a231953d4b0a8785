import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way to the API that loses answers: what the server did stays done. */
export interface BreakingWay {
  readonly url: string;
  /** Every request that came by, with its Idempotency-Key. */
  readonly seen: { method: string; path: string; key: string | undefined }[];
  /** How many answers from now on are lost. */
  lose: number;
  /** So many pieces of an answer pass before its connection is cut; null: all. */
  cutAfter: number | null;
  readonly close: () => Promise<void>;
}

export async function startBreakingWay(target: string): Promise<BreakingWay> {
  const seen: BreakingWay['seen'] = [];
  const way = { lose: 0, cutAfter: null as number | null };
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    seen.push({ method, path: url, key: headers['idempotency-key'] as string | undefined });
    const forward = request(target + url, { method, headers });
    forward.once('response', (answer) => {
      if (way.lose > 0) {
        way.lose--;
        answer.resume().once('end', () => outgoing.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      let pieces = 0;
      answer.on('data', (chunk: Buffer) => {
        outgoing.write(chunk);
        if (way.cutAfter !== null && ++pieces >= way.cutAfter) {
          way.cutAfter = null;
          outgoing.destroy();
          answer.destroy();
        }
      });
      answer.once('end', () => outgoing.end());
      // A stream without an end outlives nobody.
      outgoing.once('close', () => answer.destroy());
    });
    forward.once('error', () => outgoing.destroy());
    incoming.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(way, {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
