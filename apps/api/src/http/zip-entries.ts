import { createHash } from 'node:crypto';
import type { BatchMoment } from '@rendermill/shared/adapters/redis/batch-reader';
import { extensionOf } from '@rendermill/shared/domain/object-keys';
import type { ApiDeps } from '../deps.js';
import { endedLines } from '@rendermill/shared/batches/log';
import { safeFileName } from './safe-file-name.js';
import { storedImages } from './present-line.js';
import { resultLines } from './result-lines.js';

/** What a ZIP of a batch's pictures has in it, one after another. Pictures are compressed already: they are stored as they are. */
export async function* zipEntries(deps: ApiDeps, moment: BatchMoment) {
  const { batch } = moment;
  const nameOf = namer(batch.total);
  const missing: string[] = [];
  for await (const record of endedLines(deps, moment)) {
    const images = storedImages(record);
    const base = images.length === 0 ? '' : nameOf(record.custom_id, record.line);
    for (const { index, key, content_type } of images) {
      const object = await deps.storage.get(key);
      if (!object) {
        missing.push(`${JSON.stringify({ line: record.line, custom_id: record.custom_id, index, key })}\n`);
        continue;
      }
      const lastModified = new Date(record.ended_at);
      const name = `${base}-${index}.${extensionOf(content_type)}`;
      yield { name, input: object.body as AsyncIterable<Buffer>, size: object.facts.bytes, lastModified };
    }
  }
  const lastModified = new Date();
  yield { name: 'results.jsonl', input: resultLines(deps, moment), lastModified };
  if (missing.length > 0) yield { name: 'missing.jsonl', input: missing.join(''), lastModified };
}

/**
 * A custom_id as the name of a file: {@link safeFileName}. Two that become one (`a/b` and
 * `a_b`; `A` and `a` where a disk takes them for one) are told apart by their line, behind a `~` that no name has. Which
 * names were given is kept in 16 bits for each line, as hashes: one that only looks given gets its line too.
 */
export function namer(lines: number): (customId: string, line: number) => string {
  const bits = 2 ** Math.ceil(Math.log2(16 * Math.max(64, lines)));
  const given = new Uint8Array(bits / 8);
  return (customId, line) => {
    const name = safeFileName(customId);
    const hash = createHash('sha256').update(name.toLowerCase()).digest().readUInt32BE() % bits;
    const [at, bit] = [hash >> 3, 1 << (hash & 7)];
    const free = ((given[at] ?? 0) & bit) === 0;
    given[at] = (given[at] ?? 0) | bit;
    return free && name !== '' ? name : `${name}~${line}`;
  };
}
