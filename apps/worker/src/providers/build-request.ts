import { readFile } from 'node:fs/promises';
import { providerModel, type Account } from '@rendermill/shared/domain/accounts';
import { extensionOf } from '@rendermill/shared/domain/object-keys';
import { modelRow } from '@rendermill/shared/domain/models';
import type { ParameterName } from '@rendermill/shared/domain/parameters';
import { asProbed, formsOf } from '@rendermill/shared/domain/profile';
import { jsonBody, multipartBody, type FilePart, type StreamedBody } from './multipart.js';
import { chatFields } from './chat-request.js';
import { requestFields, type RequestSource } from './request-fields.js';

/** An input image on this worker's disk. */
export interface LocalInput {
  readonly path: string;
  readonly contentType: string;
  readonly bytes: number;
}

export interface LocalInputs {
  readonly images: readonly LocalInput[];
  readonly mask: LocalInput | null;
}

/** One HTTP request to a provider. */
export interface ProviderRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: a GET. */
  readonly body: StreamedBody | null;
  readonly ignored: readonly string[];
  /** Their names of the parameters in it → ours. */
  readonly names: Readonly<Record<string, ParameterName>>;
}

const paths = { generation: '/images/generations', edit: '/images/edits', variation: '/images/variations' } as const;

/**
 * The request that buys `images` pictures of a job. The idempotency key names the purchase: repeats of a call that
 * may have been answered carry the same, so a provider that honours it charges once; OpenAI and relays ignore it.
 */
export async function buildRequest(
  job: RequestSource,
  configured: Account,
  address: string,
  images: number,
  inputs: LocalInputs,
  idempotencyKey: string,
): Promise<ProviderRequest> {
  const account = job.probe ? asProbed(configured, job.probe) : configured;
  const { path, body, ignored, names } =
    modelRow(job.model)?.api === 'chat' ? chatCall(job, account) : await imagesCall(job, account, images, inputs);
  return {
    url: address + path,
    headers: {
      ...commonHeaders(account),
      'content-type': body.contentType,
      'content-length': String(body.contentLength),
      'idempotency-key': idempotencyKey,
    },
    body,
    ignored,
    names,
  };
}

/** Asks how far a task is that an earlier call began. */
export function taskRequest(account: Account, url: string): ProviderRequest {
  return { url, headers: commonHeaders(account), body: null, ignored: [], names: {} };
}

/** Where a provider tells of a task. */
export function taskUrl(address: string, task: string): string {
  return `${address}/tasks/${encodeURIComponent(task)}`;
}

function commonHeaders(account: Account): Record<string, string> {
  return {
    authorization: `Bearer ${account.apiKey || 'simulator'}`,
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'Rendermill/0.1',
  };
}

interface Call {
  readonly path: string;
  readonly body: StreamedBody;
  readonly ignored: readonly string[];
  readonly names: Readonly<Record<string, ParameterName>>;
}

function chatCall(job: Pick<RequestSource, 'model' | 'request'>, account: Account): Call {
  const { fields, ignored } = chatFields(job, account);
  return { path: '/chat/completions', body: jsonBody(fields), ignored, names: {} };
}

async function imagesCall(job: RequestSource, account: Account, images: number, inputs: LocalInputs): Promise<Call> {
  const { operation, fields, ignored, names } = requestFields(job, account, images);
  const { editForm, imagesField } = formsOf(account, job.model, providerModel(account, job.model) ?? job.model);
  const body =
    operation === 'generation'
      ? jsonBody(Object.fromEntries(fields))
      : editForm === 'json'
        ? await jsonEdit(fields, inputs)
        : formEdit(fields, inputs, imagesField);
  return { path: paths[operation], body, ignored, names };
}

type Fields = Awaited<ReturnType<typeof requestFields>>['fields'];

function formEdit(fields: Fields, inputs: LocalInputs, several: string): StreamedBody {
  const part = (input: LocalInput, name: string, stem: string): FilePart => ({
    ...input,
    name,
    fileName: `${stem}.${extensionOf(input.contentType)}`,
  });
  const name = inputs.images.length > 1 ? several : 'image';
  const files = inputs.images.map((image, i) => part(image, name, `image-${i}`));
  if (inputs.mask) files.push(part(inputs.mask, 'mask', 'mask'));
  return multipartBody(
    fields.map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
    files,
  );
}

/** Images as data URLs, for providers without a form; read whole, so only where nothing else is offered. */
async function jsonEdit(fields: Fields, inputs: LocalInputs): Promise<StreamedBody> {
  const reference = async (input: LocalInput): Promise<{ image_url: string }> => ({
    image_url: `data:${input.contentType};base64,${(await readFile(input.path)).toString('base64')}`,
  });
  return jsonBody({
    ...Object.fromEntries(fields),
    images: await Promise.all(inputs.images.map(reference)),
    ...(inputs.mask ? { mask: await reference(inputs.mask) } : {}),
  });
}
