import { Readable } from 'node:stream';
import { catalogueOptions } from '@rendermill/shared/catalogue/options';
import { readCatalogue, type CatalogueLine } from '@rendermill/shared/catalogue/read-catalogue';
import { RendermillError } from '@rendermill/shared/domain/errors';

type Options = Readonly<{ template?: Record<string, unknown>; csv?: object; group_by?: string }>;

/** A source of these bytes, in pieces of `size`. */
export function sourceOf(bytes: Buffer | string, size = 65_536): Readable {
  const all = Buffer.from(bytes);
  const pieces = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.subarray(at * size, (at + 1) * size),
  );
  return Readable.from(pieces, { objectMode: true });
}

/** A template that shows the cells of some columns, beside an id that each row has. */
export const showing = (...columns: string[]): Record<string, unknown> => ({
  custom_id: '{{ row["id"] }}',
  prompt: columns.map((name) => `[{{ row["${name}"] }}]`).join(''),
});

export function read(
  bytes: Buffer | string | Readable,
  { template = showing('title'), ...rest }: Options = {},
): AsyncGenerator<CatalogueLine> {
  const options = catalogueOptions.parse({ template, ...rest });
  return readCatalogue(bytes instanceof Readable ? bytes : sourceOf(bytes), options);
}

export async function lines(bytes: Buffer | string | Readable, options: Options = {}): Promise<CatalogueLine[]> {
  const all: CatalogueLine[] = [];
  for await (const line of read(bytes, options)) all.push(line);
  return all;
}

/** Each line as one string: id and prompt, the error's message, or "skipped". */
export async function shown(bytes: Buffer | string | Readable, options: Options = {}): Promise<string[]> {
  const all = await lines(bytes, options);
  return all.map((line) => {
    if ('skipped' in line) return `${line.row} skipped`;
    if ('error' in line) return `${line.row} ! ${line.error.message}`;
    return `${line.row} ${line.custom_id} ${String(line.body['prompt'])}`;
  });
}

/** The error of a file that is refused as a whole. */
export async function refusal(bytes: Buffer | string | Readable, options: Options = {}): Promise<RendermillError> {
  const error: unknown = await lines(bytes, options).then(
    (read_) => new Error(`it was read: ${JSON.stringify(read_)}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof RendermillError) return error;
  throw error;
}
