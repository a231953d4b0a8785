import { ConnectionError } from './errors.js';
import { causeOf } from './transport.js';

/** Bytes as they come: lines of text, and server-sent events. */

/** Without a byte for so long a stream is taken for dead: events come every ten seconds at least. */
const silenceMs = 60_000;

/** The chunks of an answer's body. Not `for await` on the body itself: not every browser has that. */
export async function* chunksOf(response: Response, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), signal);
      if (done) return;
      yield value;
    }
  } finally {
    // Who stops reading early lets go of the connection; a stream that is broken anyway says so here again.
    await reader.cancel().catch(() => undefined);
  }
}

async function within<T>(read: Promise<T>, signal?: AbortSignal): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ConnectionError('the server went silent in the middle of an answer')),
      silenceMs,
    );
  });
  try {
    return await Promise.race([read, silence]);
  } catch (error) {
    if (signal?.aborted || error instanceof ConnectionError) throw error;
    throw new ConnectionError(`the connection broke in the middle of an answer (${causeOf(error)})`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Lines without their ends. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield part.replace(/\r$/, '');
  }
  if (rest !== '') yield rest;
}

export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** The events of a stream, without its comments. */
export async function* eventsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let fields: Record<string, string> = {};
  for await (const line of linesOf(chunks)) {
    if (line === '') {
      const { id = '', event = 'message', data } = fields;
      if (data !== undefined) yield { id, event, data };
      fields = {};
      continue;
    }
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === 'data') fields['data'] = fields['data'] === undefined ? value : `${fields['data']}\n${value}`;
    else if (name !== '') fields[name] = value;
  }
}
