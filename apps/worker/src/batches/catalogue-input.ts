import type { Readable } from 'node:stream';
import { catalogueLines } from '@rendermill/shared/catalogue/catalogue-lines';
import { catalogueOptions } from '@rendermill/shared/catalogue/options';
import type { Batch } from '@rendermill/shared/domain/batch';
import type { InputLine } from './validate-batch.js';

/** Lines written at once. */
const lotLines = 500;

/** A catalogue's rows as lines of `input.jsonl`. A row that cannot be used is a line that says why: the others run. */
export async function* catalogueInput(
  source: Readable,
  batch: Batch,
  given: Readonly<Record<string, unknown>>,
): AsyncGenerator<InputLine[]> {
  const options = catalogueOptions.parse(given);
  let lot: InputLine[] = [];
  for await (const { row, ...line } of catalogueLines(source, options, batch.endpoint)) {
    lot.push({ number: row, bytes: Buffer.from(JSON.stringify(line)) });
    if (lot.length < lotLines) continue;
    yield lot;
    lot = [];
  }
  yield lot;
}
