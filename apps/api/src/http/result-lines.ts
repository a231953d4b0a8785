import type { BatchMoment } from '@rendermill/shared/adapters/redis/batch-reader';
import type { ApiDeps } from '../deps.js';
import { endedLines } from '../use-cases/batch-records.js';
import { resultRow } from './present-line.js';

/** A batch's results, row by row, as they are read. */
export async function* resultRows(deps: ApiDeps, moment: BatchMoment) {
  for await (const record of endedLines(deps, moment)) yield resultRow(deps.settings, moment.batch, record);
}

const pieceChars = 64 * 1024;

/** The same as JSON lines, in larger pieces: a row is small, and there may be a million of them. */
export async function* resultLines(deps: ApiDeps, moment: BatchMoment): AsyncGenerator<string> {
  let piece = '';
  for await (const row of resultRows(deps, moment)) {
    piece += `${JSON.stringify(row)}\n`;
    if (piece.length < pieceChars) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
