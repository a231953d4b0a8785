import type { Readable } from 'node:stream';
import type { Batch } from '@rendermill/shared/domain/batch';
import type { InputLine } from './validate-batch.js';

/** A catalogue's rows as lines. */
export async function* catalogueLines(source: Readable, batch: Batch): AsyncGenerator<InputLine[]> {
  source.destroy();
  yield await Promise.reject(new Error(`catalogues are not read yet: ${batch.id}`));
}
