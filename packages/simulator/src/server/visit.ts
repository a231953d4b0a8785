import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Waiting } from '../answers/shape.js';
import type { Holds } from './holds.js';

/** One HTTP request on its way through the simulator. */
export interface Visit extends Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly requestId: string;
  /** The bearer key, or null. */
  readonly key: string | null;
  /** Scheme, host and port under which the client knows this server. */
  readonly origin: string;
  /** Milliseconds since it arrived. */
  elapsed(): number;
}

export function visitOf(
  request: IncomingMessage,
  response: ServerResponse,
  tools: { holds: Holds; closing: AbortSignal },
): Visit {
  const arrived = performance.now();
  const origin = `http://${request.headers.host ?? 'localhost'}`;
  const target = request.url ?? '/';
  const question = target.indexOf('?');
  return {
    request,
    response,
    path: question < 0 ? target : target.slice(0, question),
    query: new URLSearchParams(question < 0 ? '' : target.slice(question)),
    requestId: `req_${randomBytes(16).toString('hex')}`,
    key: /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null,
    origin,
    elapsed: () => Math.round(performance.now() - arrived),
    pause: async (ms) => {
      if (ms > 0) await sleep(ms, undefined, { signal: tools.closing });
    },
    hold: async () => {
      if (response.destroyed) return;
      await tools.holds.wait((out) => response.once('close', out));
    },
  };
}
