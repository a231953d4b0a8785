import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';

/** A provider of the newest formats: answers every call with one and the same picture of the asked kind. */
export interface TinyProvider {
  /** `http://127.0.0.1:port/v1` */
  readonly url: string;
  /** Bodies as they came, JSON and forms. */
  readonly received: string[];
  readonly picture: (type: string) => Promise<Buffer>;
  readonly close: () => Promise<void>;
}

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><circle cx="32" cy="32" r="30"/></svg>\n';

/** Two frames. */
async function gif(): Promise<Buffer> {
  const frames = ['#ff0000', '#0000ff'].map((background) => ({
    create: { width: 64, height: 64, channels: 3 as const, background },
  }));
  const [first, second] = await Promise.all(frames.map(async (frame) => sharp(frame).png().toBuffer()));
  return sharp([first ?? Buffer.alloc(0), second ?? Buffer.alloc(0)], { join: { animated: true } })
    .gif({ delay: [100, 100] })
    .toBuffer();
}

export async function startTinyProvider(): Promise<TinyProvider> {
  const received: string[] = [];
  const picture = async (type: string): Promise<Buffer> => (type === 'image/gif' ? gif() : Buffer.from(svg));
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString('latin1');
      received.push(body);
      const bytes = await picture(/output_format"[^a-z]*gif/.test(body) ? 'image/gif' : 'image/svg+xml');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ created: 0, data: [{ b64_json: bytes.toString('base64') }] }));
    };
    answer().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    picture,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
