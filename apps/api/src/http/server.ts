import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { finished } from 'node:stream';
import { clientError } from './client-error.js';

/** The HTTP server: how much of a request's head it reads, and how long it waits for what of it. */

/** Milliseconds. */
export interface ServerTimes {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  /** How often the two are looked at: Node's own 30 s would make the shorter one a guess. */
  readonly connectionsCheckingInterval: number;
  readonly keepAliveTimeout: number;
  /** How long a client that was answered early may go on sending what nobody reads. */
  readonly lingerMs: number;
}

/** A request has arrived by then: a file of 2 GB at 5 Mbit/s. Bodies of images have a shorter limit of their own. */
const largestFileMs = 3_600_000;

const standard: ServerTimes = {
  headersTimeout: 10_000,
  requestTimeout: largestFileMs,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 65_000,
  lingerMs: 60_000,
};

export function createHttpServer(app: RequestListener, { lingerMs, ...times }: ServerTimes = standard): Server {
  // A request without a Host gets the application's envelope, and so does an expectation that nobody can meet.
  const server = createServer({ ...times, maxHeaderSize: 16 * 1024, requireHostHeader: false });
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    endUnread(request, response, lingerMs);
    app(request, response);
  };
  server.on('request', answer);
  server.on('checkExpectation', answer);
  server.on('clientError', clientError);
  return server;
}

/** Who is refused while still sending (a key that does not work, a file that is too large) holds no connection for an hour. */
function endUnread(request: IncomingMessage, response: ServerResponse, lingerMs: number): void {
  response.on('finish', () => {
    if (request.complete) return;
    // No reason to stay: who ends the server ends its connections.
    const late = setTimeout(() => request.socket.destroy(), lingerMs).unref();
    // Also where it is closed by now, which its events would not tell any more.
    finished(request, { writable: false }, () => clearTimeout(late));
  });
}
