import type { CatalogueOptions } from '@rendermill/shared/catalogue/options';
import { lineOf, type Line, type LineFault } from '@rendermill/shared/domain/batch-line';
import type { BatchEndpoint } from '@rendermill/shared/domain/batch';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { FileRecord } from '@rendermill/shared/domain/files';
import { isFileId } from '@rendermill/shared/domain/ids';
import type { ApiDeps } from '../deps.js';
import type { BatchBody } from '../http/batch-body.js';

/** Where a batch's body says its lines come from, checked as far as that is possible without reading a file. */
export type GivenLines =
  | { readonly kind: 'requests'; readonly lines: readonly Line[] }
  | { readonly kind: 'jsonl'; readonly file: FileRecord }
  | { readonly kind: 'csv'; readonly file: FileRecord; readonly options: CatalogueOptions };

export async function givenLines(
  deps: Pick<ApiDeps, 'fileStore'>,
  project: string,
  body: BatchBody,
): Promise<GivenLines> {
  if (body.requests != null) return { kind: 'requests', lines: inlineLines(body.requests, body.endpoint ?? null) };
  const file = await inputFile(deps, project, body.input_file_id ?? '');
  const { template, csv, group_by } = body;
  if (template != null)
    return { kind: 'csv', file, options: { template, ...(csv ? { csv } : {}), ...(group_by ? { group_by } : {}) } };
  if (/\.(csv|tsv)$/i.test(file.filename)) {
    const message = `template: '${file.filename}' is a catalogue: send a template that makes a job of each row.`;
    throw new RendermillError('missing_required_parameter', message, { param: 'template' });
  }
  return { kind: 'jsonl', file };
}

async function inputFile(deps: Pick<ApiDeps, 'fileStore'>, project: string, id: string): Promise<FileRecord> {
  const param = 'input_file_id';
  const file = isFileId(id) ? await deps.fileStore.get(project, id) : null;
  if (!file) {
    const message = `${param}: there is no file '${id}'; it may have expired or been deleted: upload it again to /v1/files.`;
    throw new RendermillError('file_not_found', message, { param });
  }
  if (file.purpose !== 'batch') {
    const message = `${param}: the file's purpose is '${file.purpose}': upload it with purpose 'batch'.`;
    throw new RendermillError('invalid_parameter', message, { param });
  }
  return file;
}

/** Every line of the body, or the error that names the first that is none. */
function inlineLines(requests: readonly unknown[], endpoint: BatchEndpoint | null): Line[] {
  const seen = new Map<string, number>();
  return requests.map((request, i) => {
    const line = lineOfUser(request, endpoint);
    if ('code' in line) throw faultAt(i, line);
    const { custom_id } = line;
    const before = seen.get(custom_id);
    if (before !== undefined) {
      const message = `requests.${i}.custom_id: '${custom_id}' is that of requests.${before} too: each is unique in its batch.`;
      throw new RendermillError('invalid_parameter', message, { param: `requests.${i}.custom_id` });
    }
    seen.set(custom_id, i);
    return line;
  });
}

function faultAt(i: number, { code, message, param }: LineFault): RendermillError {
  const where = param === null ? `requests.${i}` : `requests.${i}.${param}`;
  const given = code === 'missing_custom_id' ? 'missing_required_parameter' : 'invalid_parameter';

  return new RendermillError(given, `${where}: ${message}`, { param: where });
}

/** A line as its user writes it: `row_error` is only ours to say. */
export function lineOfUser(value: unknown, endpoint: BatchEndpoint | null): Line | LineFault {
  if (typeof value !== 'object' || value === null || !('row_error' in value)) return lineOf(value, endpoint);
  const { row_error: _ours, ...rest } = value;
  return lineOf(rest, endpoint);
}
