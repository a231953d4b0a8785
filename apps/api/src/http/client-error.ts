import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** What Node itself refuses (a bad request line, headers without end) never reaches Express; it gets our envelope too. */
export function clientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const message = {
    431: 'The headers are too large.',
    408: 'The request took too long to arrive.',
    400: 'This is not valid HTTP.',
  }[status];
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: 'bad_http' } });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
