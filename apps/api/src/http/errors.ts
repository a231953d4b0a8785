import type { Request, Response } from 'express';
import { asError, errorBody, RendermillError } from '@rendermill/shared/domain/errors';
import type { Logger } from '@rendermill/shared/observability/log';
import { StorageError } from '@rendermill/shared/ports/storage';
import { isForm } from './read-form.js';

/** Every error becomes OpenAI's envelope with its four keys, or RFC 9457 where the client asks for it. */

/** What was thrown, as the error that the client should see. */
export function toClientError(thrown: unknown): RendermillError {
  if (thrown instanceof RendermillError) return thrown;
  if (thrown instanceof StorageError) {
    return new RendermillError('storage_unavailable', 'The object store is out of reach: try again in a moment.', {
      cause: thrown,
      retryAfterMs: 5_000,
    });
  }
  const error = asError(thrown);
  if (isRedisTrouble(error)) {
    return new RendermillError(
      'redis_unavailable',
      'The queue is out of reach: try again in a moment. Nothing was lost.',
      {
        cause: error,
        retryAfterMs: 2_000,
      },
    );
  }
  // body-less faults of Express and Node: a path that does not decode.
  if (error instanceof URIError)
    return new RendermillError('bad_path', 'The path is not valid percent-encoding.', { cause: error });
  return new RendermillError(
    'internal_error',
    'An error inside Rendermill; its log has the details under this request id.',
    {
      cause: error,
      retryAfterMs: 2_000,
    },
  );
}

function isRedisTrouble(error: Error): boolean {
  const { name, message } = error;
  return (
    name === 'MaxRetriesPerRequestError' ||
    /^(Stream isn't writeable|Connection is closed|Command timed out|connect E|Redis is )/.test(message) ||
    /^(LOADING|READONLY|OOM|MISCONF|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|BUSY) /.test(message) ||
    ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'].includes(
      (error as NodeJS.ErrnoException).code ?? '',
    ) ||
    name === 'ConnectionClosedError' ||
    name === 'AbortError'
  );
}

export function sendError(request: Request, response: Response, requestId: string, thrown: unknown, log: Logger): void {
  const error = toClientError(thrown);
  if (error.status >= 500 && !(thrown instanceof RendermillError)) {
    log.error(
      { error: asError(thrown), request_id: requestId, method: request.method, path: request.path },
      'request.failed',
    );
  }
  if (response.headersSent) {
    // The status is out: a broken connection is the only honest end.
    response.destroy(asError(thrown));
    return;
  }
  for (const [name, value] of Object.entries(errorHeaders(error))) response.set(name, value);
  if (error.retry && cannotRepeat(request)) response.set('x-should-retry', 'false');
  const body = errorBody(error);
  if (wantsProblem(request)) {
    // RFC 9457's members, and OpenAI's beside them; `type` is the standard's here.
    const problem = {
      ...body,
      type: 'about:blank',
      title: error.code,
      status: error.status,
      detail: error.message,
      request_id: requestId,
    };
    response.status(error.status).set('content-type', 'application/problem+json').send(JSON.stringify(problem));
    return;
  }
  response
    .status(error.status)
    .set('content-type', 'application/json')
    .send(JSON.stringify({ error: body }));
}

/** SDKs repeat 409, 429 and every 5xx: what will never succeed says so. */
function errorHeaders(error: RendermillError): Record<string, string> {
  const headers: Record<string, string> = {};
  if (error.retry) headers['retry-after'] = String(Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000)));
  else if (error.status === 409 || error.status === 429 || error.status >= 500) headers['x-should-retry'] = 'false';
  if (error.status === 401) headers['www-authenticate'] = 'Bearer';
  return headers;
}

/** openai-node 4 repeats a form with its stream spent, and waits for minutes: its caller's next call is whole again. */
function cannotRepeat(request: Request): boolean {
  const { 'x-stainless-lang': language, 'x-stainless-package-version': version } = request.headers;
  return language === 'js' && String(version).startsWith('4.') && isForm(request);
}

function wantsProblem(request: Request): boolean {
  return (request.headers.accept ?? '').includes('application/problem+json');
}
