import type { Readable } from 'node:stream';
import type { BatchEndpoint } from '../domain/batch.js';
import { errorBodyOf, type ErrorBody } from '../domain/errors.js';
import { SeenIds } from '../streams/seen-ids.js';
import { coerceScalars } from './coerce-scalars.js';
import type { CatalogueOptions } from './options.js';
import { readCatalogue, type CatalogueLine } from './read-catalogue.js';
import { repeatedId } from './repeated-id.js';

/** A catalogue's row as a line of a batch, as `input.jsonl` has it. */
export interface RowLine {
  /** From 1; the header is not counted. */
  readonly row: number;
  readonly custom_id: string;
  readonly url: BatchEndpoint;
  readonly body: Readonly<Record<string, unknown>>;
  /** Why it cannot be a job. */
  readonly row_error?: ErrorBody;
}

/**
 * The rows of a catalogue that are not skipped, as lines; `skipped` hears of each other one. A row that cannot be used is
 * a line that says why, and so is one with the id of an earlier one.
 */
export async function* catalogueLines(
  source: Readable,
  options: CatalogueOptions,
  endpoint: BatchEndpoint | null,
  skipped: () => void = () => undefined,
): AsyncGenerator<RowLine> {
  const seen = new SeenIds();
  for await (const read of readCatalogue(source, options)) {
    if ('skipped' in read) {
      skipped();
      continue;
    }
    const line = rowLine(read, endpoint);
    const { row, custom_id } = line;
    const earlier = line.row_error ? null : seen.add(custom_id, row);
    yield earlier === null ? line : { ...line, row_error: repeatedId(row, custom_id, earlier, options.group_by) };
  }
}

type Used = Exclude<CatalogueLine, { readonly skipped: true }>;

function rowLine(line: Used, endpoint: BatchEndpoint | null): RowLine {
  const { row } = line;
  // A row that could not be read that far has no id of its own.
  const custom_id = line.custom_id ?? `row ${row}`;
  if ('error' in line) return { row, custom_id, url: endpoint ?? generations, body: {}, row_error: line.error };
  const { type, custom_id: _id, ...body } = coerceScalars(line.body);
  const url = urlOf(type, body['image'] ?? body['images']);
  if (url === null) return fault(row, custom_id, endpoint, 'type', "type is 'generation', 'edit' or 'variation'");
  if (endpoint !== null && url !== endpoint)
    return fault(row, custom_id, endpoint, 'type', `it belongs to ${url}, and the batch's endpoint is ${endpoint}`);
  return { row, custom_id, url, body };
}

function fault(
  row: number,
  custom_id: string,
  endpoint: BatchEndpoint | null,
  param: string,
  message: string,
): RowLine {
  const row_error = errorBodyOf('invalid_parameter', `Row ${row}: ${message}.`, param);
  return { row, custom_id, url: endpoint ?? generations, body: {}, row_error };
}

const generations = '/v1/images/generations';
const urls: Readonly<Record<string, BatchEndpoint>> = {
  generation: generations,
  edit: '/v1/images/edits',
  variation: '/v1/images/variations',
};

function urlOf(type: unknown, images: unknown): BatchEndpoint | null {
  if (type === undefined || type === null) return images == null ? generations : '/v1/images/edits';
  return (typeof type === 'string' ? urls[type] : undefined) ?? null;
}
