import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A relay's HTTP side, told by the test what it answers: for dialects that the simulator does not speak. Every call is
 * kept as it came; pictures are served at links of its own.
 */
export interface RelayCall {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Of JSON bodies. */
  readonly json: Record<string, unknown> | null;
  /** Of forms: fields and files in their order. */
  readonly form: readonly (readonly [name: string, value: string | { readonly name: string; readonly type: string }])[];
}

export interface RelayAnswer {
  readonly status?: number;
  readonly json: unknown;
}

export interface Relay {
  /** `http://127.0.0.1:port/v1` */
  readonly url: string;
  /** Link of the picture. */
  readonly link: string;
  picture: Buffer;
  readonly calls: RelayCall[];
  answer: (call: RelayCall) => RelayAnswer;
  /** What it tells of a task; each question is kept in `asked`. */
  task: (id: string) => RelayAnswer;
  readonly asked: string[];
  readonly close: () => Promise<void>;
}

export async function startRelay(picture: Buffer, answer: Relay['answer']): Promise<Relay> {
  const calls: RelayCall[] = [];
  const server = createServer((request, response) => {
    const handle = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const task = /^\/v1\/tasks\/(.+)$/.exec(request.url ?? '')?.[1];
      if (task !== undefined) {
        relay.asked.push(task);
        const { status = 200, json } = relay.task(task);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
        return;
      }
      if (request.method === 'GET') {
        response
          .writeHead(200, { 'content-type': 'image/png', 'content-length': relay.picture.length })
          .end(relay.picture);
        return;
      }
      const call = await read(request, Buffer.concat(chunks));
      calls.push(call);
      const { status = 200, json } = relay.answer(call);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    };
    handle().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const relay: Relay = {
    url: `${origin}/v1`,
    link: `${origin}/files/picture.png`,
    picture,
    calls,
    answer,
    task: () => ({ status: 404, json: {} }),
    asked: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return relay;
}

async function read(request: IncomingMessage, body: Buffer): Promise<RelayCall> {
  const { url: path = '', headers } = request;
  const type = headers['content-type'] ?? '';
  if (!type.startsWith('multipart/')) {
    return { path, headers, json: JSON.parse(body.toString()) as Record<string, unknown>, form: [] };
  }
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const entries = [...form.entries()].map(
    ([name, value]) => [name, typeof value === 'string' ? value : { name: value.name, type: value.type }] as const,
  );
  return { path, headers, json: null, form: entries };
}
