import { request, type Dispatcher } from 'undici';
import type { WrittenFile } from '../../streams/file-sink.js';
import type { BlobSink } from '../../streams/json-blobs.js';
import { OutboundError, redirected, type Outbound } from './outbound.js';

/** Downloads to a file: input images that a user names, results that a provider left at a URL. */

export interface DownloadOptions {
  readonly maxBytes: number;
  /** For the whole download, redirects included, in milliseconds. */
  readonly totalMs: number;
  /** Longest silence between two chunks, in milliseconds. */
  readonly idleMs: number;
  readonly signal?: AbortSignal | undefined;
  /** An origin that may be reached whatever its address, and by which connections: the provider account's own. */
  readonly trusted?: { readonly origin: string; readonly dispatcher: Dispatcher } | undefined;
}

const maxRedirects = 3;

/** Writes what a URL answers into `sink`. Throws {@link OutboundError}, and leaves no file then. */
export async function download<T extends WrittenFile>(
  outbound: Outbound,
  url: string,
  sink: () => Promise<BlobSink<T>>,
  options: DownloadOptions,
): Promise<T> {
  const deadline = AbortSignal.timeout(options.totalMs);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  try {
    const response = await follow(outbound, url, options, signal);
    return await receive(response, await sink(), options.maxBytes);
  } catch (error) {
    throw asOutbound(error, deadline.aborted);
  }
}

async function follow(
  outbound: Outbound,
  first: string,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  let url = first;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const trusted = URL.canParse(url) && new URL(url).origin === options.trusted?.origin ? options.trusted : undefined;
    const target = trusted ? new URL(url) : await outbound.check(url, false);
    const response = await request(target, {
      dispatcher: trusted?.dispatcher ?? outbound.dispatcher,
      signal,
      headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'Rendermill/1' },
      headersTimeout: options.idleMs,
      bodyTimeout: options.idleMs,
    });
    if (response.statusCode < 300 || response.statusCode >= 400) return response;
    await response.body.dump();
    const location = response.headers['location'];
    if (typeof location !== 'string')
      throw new OutboundError('status', `a redirect to nowhere`, { status: response.statusCode });
    url = redirected(location, target);
  }
  throw new OutboundError('redirects', `more than ${maxRedirects} redirects`);
}

async function receive<T>(response: Dispatcher.ResponseData, file: BlobSink<T>, maxBytes: number): Promise<T> {
  try {
    const { statusCode, headers, body } = response;
    if (statusCode !== 200) {
      discard(body);
      throw new OutboundError('status', `the server answered ${statusCode}`, { status: statusCode });
    }
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      discard(body);
      throw new OutboundError('encoding', 'the server compressed what was to come as it is');
    }
    let bytes = 0;
    if (Number(headers['content-length'] ?? 0) > maxBytes) {
      discard(body);
      throw new OutboundError('too_large', `more than ${maxBytes} bytes`);
    }
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new OutboundError('too_large', `more than ${maxBytes} bytes`);
      await file.write(chunk);
    }
    return await file.end();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/** Ends an answer that is not wanted. undici tells the stream so by an error, which without a listener ends the process. */
function discard(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => undefined);
  body.destroy();
}

function asOutbound(error: unknown, timedOut: boolean): OutboundError {
  if (error instanceof OutboundError) return error;
  const cause = error instanceof Error && error.cause instanceof OutboundError ? error.cause : null;
  if (cause) return cause;
  const code = (error as { code?: string }).code ?? '';
  // Our own disk: no fault of the server's.
  if (/^E(NOSPC|DQUOT|IO|ROFS|MFILE|NFILE|NOENT|ACCES)$/.test(code)) throw error;
  if (timedOut || /TIMEOUT/.test(code))
    return new OutboundError('timeout', 'the server took too long', { cause: error });
  return new OutboundError('unreachable', `the server cannot be reached (${code || (error as Error).name})`, {
    cause: error,
  });
}
