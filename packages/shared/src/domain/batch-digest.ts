import type { Batch, LineRecord } from './batch.js';
import type { BatchEvent } from './batch-events.js';
import { eventId } from './ids.js';

/**
 * `batch.lines`: what lines of a batch came to, many in one event, for endpoints that ask for it. A million lines are
 * some thousand deliveries, not a million.
 */

/** Lines in one digest at most. */
const maxLines = 500;
/** Bytes of its lines at most: an event stays under 20 kB. */
const maxBytes = 18_000;

/** `occasion` tells apart the lots of records that one generation of a batch leaves. */
export function batchDigests(
  { id, generation }: Pick<Batch, 'id' | 'generation'>,
  occasion: string,
  records: readonly LineRecord[],
): BatchEvent[] {
  const lots: ReturnType<typeof told>[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    const line = told(record);
    const size = Buffer.byteLength(JSON.stringify(line)) + 1;
    let lot = lots.at(-1);
    if (!lot || bytes + size > maxBytes || lot.length === maxLines) {
      lots.push((lot = []));
      bytes = 0;
    }
    lot.push(line);
    bytes += size;
  }
  return lots.map((lines, n) => ({
    id: eventId(id, 'batch.lines', generation, `${occasion}|${n}`),
    type: 'batch.lines',
    data: { id, object: 'batch', generation, lines },
  }));
}

function told({ line, custom_id, status, job, error }: LineRecord) {
  const images = ((job?.['images'] ?? []) as readonly unknown[]).length;
  return { line, custom_id, status, images, ...(error ? { code: error.code } : {}) };
}
