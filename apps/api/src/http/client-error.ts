import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { newId } from '@rendermill/shared/domain/ids';

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
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${newId('req')}`,
    'cache-control: no-store',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
