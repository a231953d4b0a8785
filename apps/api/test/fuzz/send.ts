import { Agent, request, type IncomingHttpHeaders } from 'node:http';

/** HTTP as it is written: no path is tidied, no header is added, no redirect followed. */

export interface Sent {
  readonly method: string;
  /** With its query, as it goes out. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

class IdleClosed extends Error {}

export class Sender {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: string) {
    this.#url = url;
  }

  /** Rejects where the connection breaks before an answer is whole. */
  async send(sent: Sent): Promise<Answered> {
    try {
      return await this.#ask(sent);
    } catch (error) {
      // The server may close a connection that is idle just as it is used again.
      if (error instanceof IdleClosed) return this.send(sent);
      throw error;
    }
  }

  async #ask({ method, path, headers, body }: Sent): Promise<Answered> {
    const { hostname, port } = new URL(this.#url);
    return new Promise((resolve, reject) => {
      const outgoing = request({ hostname, port, method, path, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        const whole = (): void =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          // A stream of events may last: its beginning tells enough.
          if (!String(response.headers['content-type']).startsWith('text/event-stream')) return;
          response.off('error', reject);
          response.on('error', () => undefined);
          response.destroy();
          whole();
        });
        response.on('error', reject);
        response.on('end', whole);
      });
      outgoing.on('error', (cause) => reject(outgoing.reusedSocket ? new IdleClosed('closed', { cause }) : cause));
      if (body) outgoing.setHeader('content-length', body.length);
      outgoing.end(body ?? undefined);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
