import { z } from 'zod';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { expiryOf, fileFields, filePurposes, presentFile, type FileRecord } from '@rendermill/shared/domain/files';
import { isFileId, newFileId } from '@rendermill/shared/domain/ids';
import { page, pageQuery, wholeNumber } from '../list-query.js';
import { receiveFile } from '../receive-file.js';
import { repeatOf } from '../repeat.js';
import { fileReaders, sendJson, type Context, type Route } from '../route.js';
import { errorSchema, fileObject, listOf } from '../schemas.js';
import { sendFile } from '../send-file.js';
import { withFolder } from '../with-body.js';

/** `/v1/files`, as OpenAI's, so that `client.files.*` works. */

/** The file of the path, or 404: the same answer for another project's file, or an expired one, as for none. */
async function requireFile({ deps, caller, params }: Context): Promise<FileRecord> {
  const id = params['id'] ?? '';
  const file = isFileId(id) ? await deps.fileStore.get(caller.project, id) : null;
  return file ?? noSuchFile();
}

function noSuchFile(message = 'There is no file with this id.'): never {
  throw new RendermillError('not_found', message, { param: 'id' });
}

async function create(context: Context): Promise<void> {
  const { deps, caller, request, response } = context;
  await withFolder(context, receiveFile, async ({ fields, file, filename, fingerprint }) => {
    const { purpose, 'expires_after[seconds]': seconds } = fields;
    const created_at = Date.now();
    const expires_at = expiryOf(purpose, seconds, created_at);
    const { how, id } = await deps.files.create(
      { id: newFileId(), project: caller.project, filename, purpose, created_at, expires_at },
      file,
      repeatOf(deps, caller, request, fingerprint, false),
    );
    if (how === 'conflict')
      throw new RendermillError('idempotency_key_reused', 'This Idempotency-Key was used with another request.');
    const made = await deps.fileStore.get(caller.project, id);
    sendJson(response, 200, presentFile(made ?? noSuchFile('The file that this Idempotency-Key made is gone.')));
  });
}

const listQuery = z.strictObject({
  ...pageQuery,
  limit: wholeNumber(1, 10_000).default(10_000).describe('1 to 10000.'),
  purpose: z.enum(filePurposes).optional(),
});

async function list({ deps, caller, query, response }: Context): Promise<void> {
  const filter = query as z.output<typeof listQuery>;
  const found = await deps.fileStore.list(caller.project, filter);
  if (!found) {
    const message = `after: there is no file '${filter.after}' any more; begin at the first page`;
    throw new RendermillError('invalid_parameter', message, { param: 'after' });
  }
  sendJson(response, 200, page(found.files.map(presentFile), found.more));
}

async function remove(context: Context): Promise<void> {
  const file = await requireFile(context);
  if (!(await context.deps.files.remove(file))) noSuchFile();
  sendJson(context.response, 200, { id: file.id, object: 'file', deleted: true });
}

const tag = 'Files';
const notFound = { description: 'There is no such file, or it has expired.', schema: errorSchema };
const one = '/v1/files/{id}';

export const fileRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/files',
    operationId: 'createFile',
    access: 'files',
    summary: 'Upload a file: an image to use by file_id, or the lines of a batch.',
    tag,
    form: z.strictObject({ ...fileFields, file: z.any().meta({ type: 'string', format: 'binary' }) }),
    answers: {
      200: { description: 'The file.', schema: fileObject },
      413: { description: 'It is too large.', schema: errorSchema },
    },
    handle: create,
  },
  {
    method: 'get',
    path: '/v1/files',
    operationId: 'listFiles',
    access: fileReaders,
    summary: 'List files.',
    tag,
    query: listQuery,
    answers: { 200: { description: 'One page.', schema: listOf(fileObject) } },
    handle: list,
  },
  {
    method: 'get',
    path: one,
    operationId: 'getFile',
    access: fileReaders,
    summary: 'Retrieve what is known of a file.',
    tag,
    answers: { 200: { description: 'The file.', schema: fileObject }, 404: notFound },
    handle: async (context) => sendJson(context.response, 200, presentFile(await requireFile(context))),
  },
  {
    method: 'delete',
    path: one,
    operationId: 'deleteFile',
    access: 'files',
    summary: 'Delete a file. Jobs that were made with it keep their copy.',
    tag,
    answers: {
      200: {
        description: 'Deleted.',
        schema: z.object({ id: z.string(), object: z.literal('file'), deleted: z.literal(true) }),
      },
      404: notFound,
    },
    handle: remove,
  },
  {
    method: 'get',
    path: `${one}/content`,
    operationId: 'getFileContent',
    access: fileReaders,
    summary: "A file's bytes, or the part of them that a Range header names.",
    tag,
    answers: {
      200: { description: 'The bytes.', contentType: 'application/octet-stream' },
      206: { description: 'The part that was asked for.', contentType: 'application/octet-stream' },
      404: notFound,
      416: { description: 'The range lies outside the file.', schema: errorSchema },
    },
    handle: async (context) => sendFile(context, await requireFile(context)),
  },
];
