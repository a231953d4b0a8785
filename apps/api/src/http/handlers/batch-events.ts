import type { BatchMoment } from '@rendermill/shared/adapters/redis/batch-reader';
import { isEnded, type LineRecord } from '@rendermill/shared/domain/batch';
import { partRecords } from '@rendermill/shared/batches/log';
import { eventsQuery, streamEvents, type EventStream } from '../event-stream.js';
import { resultRow } from '../present-line.js';
import { batchReaders, type Context, type Route } from '../route.js';
import { noBatch, present, requireBatch } from './batches.js';

/**
 * `/v1/batches/{id}/events`. `batch` is the batch as it stands, after any change and once a second at most; `line`
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

async function events(context: Context): Promise<void> {
  const { id } = await requireBatch(context);
  const log = new Log(context.deps, id);
  let place: Place | null = null;
  const look = async (stream: EventStream): Promise<'ended' | 'goes on'> => {
    const moment = await log.look();
    if (!moment) return 'ended';
    place ??= stream.after === null ? { lines: log.total, changes: -1 } : placeOf(stream.after);
    await tell(context, moment, log, place, stream);
    return isEnded(moment.batch.status) ? 'ended' : 'goes on';
  };
  await streamEvents(context, look, (signal) => context.deps.batchWaiter.news(id, signal));
}

/** Everything that is new since `place`, which moves along. */
async function tell(
  context: Context,
  { batch }: BatchMoment,
  log: Log,
  place: Place,
  { signal, send }: EventStream,
): Promise<void> {
  const changes = Math.max(0, batch.version - log.total);
  if (changes === place.changes && log.total === place.lines) return;
  for await (const record of log.since(place.lines)) {
    if (signal.aborted) return;
    place.lines++;
    await send('line', numberOf(place.lines, -1), {
      batch_id: batch.id,
      ...resultRow(context.deps.settings, batch, record),
    });
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

export const batchEventRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/batches/{id}/events',
    operationId: 'streamBatchEvents',
    access: batchReaders,
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
