import { z } from 'zod';
import type { BatchMoment } from '@rendermill/shared/adapters/redis/batch-reader';
import { isEnded, type LineRecord } from '@rendermill/shared/domain/batch';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { partRecords } from '@rendermill/shared/batches/log';
import { write } from '../images-response.js';
import { resultRow } from '../present-line.js';
import type { Context, Route } from '../route.js';
import { noBatch, present, requireBatch } from './batches.js';

/**
 * `/v1/batches/{id}/events`: server-sent events that are made from the ledger as they are sent, so that nothing is kept
 * for those who are not listening. `batch` is the batch as it stands, after any change and once a second at most; `line`
 * is a line that has ended, in the order of their ends, each exactly once for who resumes by the last id. The stream
 * ends with the batch.
 *
 * An event's number tells how many ended lines were told by then and, of a `batch` event, which version of it.
 */
const versions = 2 ** 24;

interface Place {
  /** Ended lines that are told. */
  lines: number;
  /** Changes of the batch that are told, other than ends of lines; -1: none. */
  changes: number;
}

const numberOf = (lines: number, changes: number): number => lines * versions + Math.min(changes + 1, versions - 1);
const placeOf = (number: number): Place => ({ lines: Math.floor(number / versions), changes: (number % versions) - 1 });

const beatEveryMs = 10_000;
const atMostEveryMs = 500;

const eventsQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,16}$/, 'must be the number of an event, or 0')
    .optional()
    .describe(
      'Go on after this event, as the header Last-Event-ID does; 0: from the first line. Default: from now on.',
    ),
});

async function events(context: Context): Promise<void> {
  const { deps, request, response, gone } = context;
  const { id } = await requireBatch(context);
  const after = lastSeen(context);
  response.status(200).set({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  const beat = setInterval(() => response.write(': keep-alive\n\n'), beatEveryMs);
  const signal = AbortSignal.any([gone, deps.stopping]);
  try {
    await follow(context, new Log(deps, id), after, signal);
    response.end();
  } catch (error) {
    if (!gone.aborted) throw error;
  } finally {
    clearInterval(beat);
  }
}

async function follow(context: Context, log: Log, after: number | null, signal: AbortSignal): Promise<void> {
  let place = after === null ? null : placeOf(after);
  while (!signal.aborted) {
    // Listening begins before the look, so that a change between the two is not missed.
    const news = context.deps.batchWaiter.news(log.id, signal);
    try {
      const moment = await log.look();
      if (!moment) return;
      place ??= { lines: log.total, changes: -1 };
      await tell(context, moment, log, place, signal);
      if (isEnded(moment.batch.status)) return;
      await news.promise;
    } finally {
      news.stop();
    }
    await pause(atMostEveryMs, signal);
  }
}

/** Null where the client has seen nothing. */
function lastSeen({ query, request }: Context): number | null {
  const given = (query as z.output<typeof eventsQuery>).after ?? request.headers['last-event-id'];
  if (given === undefined || given === '') return null;
  if (!/^\d{1,16}$/.test(String(given))) {
    const message = 'Last-Event-ID is the number of an event of this stream; leave it out to begin with what comes.';
    throw new RendermillError('invalid_parameter', message, { param: 'Last-Event-ID' });
  }
  return Number(given);
}

/** Everything that is new since `place`, which moves along. */
async function tell(context: Context, moment: BatchMoment, log: Log, place: Place, signal: AbortSignal): Promise<void> {
  const { deps, response } = context;
  const { batch } = moment;
  const send = async (event: string, number: number, data: object): Promise<void> =>
    write(response, `id: ${number}\nevent: ${event}\ndata: ${JSON.stringify({ sequence: number, ...data })}\n\n`);
  const changes = Math.max(0, batch.version - log.total);
  if (changes === place.changes && log.total === place.lines) return;
  for await (const record of log.since(place.lines)) {
    if (signal.aborted) return;
    place.lines++;
    await send('line', numberOf(place.lines, -1), { batch_id: batch.id, ...resultRow(deps.settings, batch, record) });
  }
  place.changes = changes;
  await send('batch', numberOf(place.lines, changes), { batch: await present(context, batch) });
}

/** The log of a batch's ended lines, of which what is known of the parts is kept from look to look. */
class Log {
  readonly id: string;
  readonly #deps: Context['deps'];
  readonly #parts: BatchMoment['parts'][number][] = [];
  #moment: BatchMoment | null = null;

  constructor(deps: Context['deps'], id: string) {
    this.#deps = deps;
    this.id = id;
  }

  async look(): Promise<BatchMoment | null> {
    this.#moment = await this.#deps.batchReader.moment(this.id, this.#parts.length);
    this.#parts.push(...(this.#moment?.parts ?? []));
    return this.#moment;
  }

  /** Lines that had ended at the last look. */
  get total(): number {
    return this.#inParts + (this.#moment?.results.length ?? 0);
  }

  get #inParts(): number {
    return this.#parts.reduce((sum, { records }) => sum + records, 0);
  }

  /** Their records, but for so many first ones. */
  async *since(told: number): AsyncGenerator<LineRecord> {
    if (!this.#moment) return;
    let skip = told;
    for (const part of this.#parts) {
      if (skip >= part.records) {
        skip -= part.records;
        continue;
      }
      for await (const record of partRecords(this.#deps, this.#moment.batch, part)) {
        if (skip > 0) skip--;
        else yield record;
      }
    }
    for (const row of this.#moment.results.slice(skip)) yield JSON.parse(row) as LineRecord;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

export const batchEventRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/batches/{id}/events',
    operationId: 'streamBatchEvents',
    access: 'batches',
    summary:
      'Server-sent events: `batch` (the batch after a change, a few times a second at most) and `line` (a line that has ended). Numbered; resumed by Last-Event-ID or ?after=. Ends with the batch.',
    tag: 'Batches',
    query: eventsQuery,
    answers: {
      200: { description: 'The stream.', contentType: 'text/event-stream' },
      404: noBatch,
    },
    handle: events,
  },
];
