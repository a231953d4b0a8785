import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Mountable } from '@copilotkit/aimock';
import type { Row } from './outside-rows.js';

/**
 * Faults of the way between us and a provider, which an HTTP server cannot make of itself: the call arrives and is
 * worked on, and what happens to the answer is the row's.
 */
export type WayFault =
  | 'nothing'
  | 'no Retry-After'
  | '524 page'
  | '200 page'
  | 'closed before the body'
  | 'reset before the body'
  | 'reset in the body'
  | 'closed in the body'
  | 'body ends early'
  | 'hang';

const page = `<!DOCTYPE html>
<html lang="en-US"><head><title>relay.example | 524: A timeout occurred</title></head>
<body><h1>A timeout occurred <span>Error code 524</span></h1><p>The origin web server timed out responding to this
request.</p></body></html>`;

/** `/{row}/v1/…` is that row's way to `/v1/…` of the same server. Each row's calls meet its faults in order, then the last one. */
export function wayTo(rows: readonly Row[], origin: () => string): Mountable {
  const calls = new Map<Row, number>();
  return {
    handleRequest: async (request, response, path) => {
      const [, index, rest] = /^\/(\d+)(\/.*)$/.exec(path) ?? [];
      const row = rows[Number(index)];
      if (!row?.way) return false;
      const call = calls.get(row) ?? 0;
      calls.set(row, call + 1);
      const fault = row.way[Math.min(call, row.way.length - 1)] ?? 'nothing';
      send(fault, response, await forward(request, `${origin()}${rest}`));
      return true;
    },
  };
}

interface Forwarded {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

async function forward(request: IncomingMessage, url: string): Promise<Forwarded> {
  const body = new Uint8Array(await buffer(request));
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const answer = await fetch(url, { method: 'POST', headers, body });
  const retryAfter = answer.headers.get('retry-after');
  return {
    status: answer.status,
    headers: { 'content-type': 'application/json', ...(retryAfter === null ? {} : { 'retry-after': retryAfter }) },
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

function send(fault: WayFault, response: ServerResponse, { status, headers, body }: Forwarded): void {
  const { socket } = response;
  const half = body.subarray(0, body.length / 2);
  const whole = { ...headers, 'content-length': body.length };
  switch (fault) {
    case 'nothing':
      response.writeHead(status, headers).end(body);
      return;
    case 'no Retry-After':
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      return;
    case '524 page':
    case '200 page':
      response.writeHead(fault === '200 page' ? 200 : 524, { 'content-type': 'text/html; charset=UTF-8' }).end(page);
      return;
    case 'closed before the body':
      socket?.destroy();
      return;
    case 'reset before the body':
      socket?.resetAndDestroy();
      return;
    case 'reset in the body':
      response.writeHead(status, whole).write(half, () => socket?.resetAndDestroy());
      return;
    case 'closed in the body':
      response.writeHead(status, whole).write(half, () => socket?.destroy());
      return;
    case 'body ends early':
      response.writeHead(status, headers).end(half);
      return;
    case 'hang':
      return;
  }
}

/** Result links: `/{kind}/{name}`. What is `late` or `cut-once` is well from the second or third time on. */
export function filesOf(picture: Buffer): Mountable {
  const fetches = new Map<string, number>();
  return {
    handleRequest: async (_request, response, path) => {
      const kind = path.split('/')[1] ?? '';
      const fetched = fetches.get(path) ?? 0;
      fetches.set(path, fetched + 1);
      const head = { 'content-type': 'image/png', 'content-length': picture.length };
      const refusal = { 403: 403, 404: 404, late: fetched < 2 ? 404 : null }[kind] ?? null;
      if (refusal !== null) response.writeHead(refusal, { 'content-type': 'application/xml' }).end('<Error/>');
      else if (kind === 'cut' || (kind === 'cut-once' && fetched === 0)) {
        response.writeHead(200, head).write(picture.subarray(0, 60), () => response.socket?.destroy());
      } else response.writeHead(200, head).end(picture);
      return true;
    },
  };
}
