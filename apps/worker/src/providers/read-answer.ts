import type { Usage, EffectiveParameters } from '@rendermill/shared/domain/usage';
import { chatPictures } from './chat-answer.js';
import type { Answer } from './call-provider.js';

/** One picture of an answer: bytes that arrived, a link to them, or the task that is making it. */
export type AnswerItem<T> =
  | { readonly kind: 'bytes'; readonly blob: T; readonly revisedPrompt: string | null }
  | { readonly kind: 'url'; readonly url: string; readonly revisedPrompt: string | null }
  | { readonly kind: 'task'; readonly task: string; readonly picture: number; readonly revisedPrompt: null };

export interface PictureAnswer<T> {
  readonly items: readonly AnswerItem<T>[];
  readonly usage: Usage | null;
  readonly effective: EffectiveParameters;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const count = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;

/** The pictures in an answer, or null where it holds none: an error in a 200, an empty list, a page of HTML. */
export function readAnswer<T>(answer: Answer<T>, asked: number): PictureAnswer<T> | null {
  const { json } = answer;
  if (answer.status < 200 || answer.status >= 300 || !isObject(json)) return null;
  // A body may carry both keys with `error` null; a real error means that `data` is not to be believed.
  if (isObject(json['error']) || typeof json['error'] === 'string') return null;
  // Some relays answer chat completions in the shape of the images API.
  const items = Array.isArray(json['data'])
    ? json['data'].flatMap((entry: unknown) => item(entry, answer))
    : chatPictures(json).flatMap((url) => item({ url }, answer));
  const task = items.length === 1 && items[0]?.kind === 'task' ? items[0] : null;
  // One task makes all that was asked for.
  if (task) items.push(...Array.from({ length: asked - 1 }, (_, i) => ({ ...task, picture: i + 1 })));
  return items.length === 0 ? null : { items, usage: usage(json['usage']), effective: effective(json) };
}

function item<T>(entry: unknown, answer: Answer<T>): AnswerItem<T>[] {
  if (!isObject(entry)) return [];
  const revisedPrompt = text(entry['revised_prompt']) ?? null;
  const index = answer.blobIndex(entry['b64_json']) ?? answer.blobIndex(entry['url']);
  const blob = index === null ? undefined : answer.blobs[index];
  // Both: the bytes are here already.
  if (blob !== undefined) return [{ kind: 'bytes', blob, revisedPrompt }];
  const url = text(entry['url']);
  if (url && /^https?:\/\//.test(url)) return [{ kind: 'url', url, revisedPrompt }];
  const task = text(entry['task_id']);
  return task ? [{ kind: 'task', task, picture: 0, revisedPrompt: null }] : [];
}

function usage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  const input = count(value['input_tokens']);
  const output = count(value['output_tokens']);
  // Some relays send zeros for what they did not count.
  if (input === null || output === null || output === 0) return null;
  const inputDetails = tokens(value['input_tokens_details']);
  const outputDetails = tokens(value['output_tokens_details']);
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: count(value['total_tokens']) ?? input + output,
    ...(inputDetails ? { input_tokens_details: inputDetails } : {}),
    ...(outputDetails ? { output_tokens_details: outputDetails } : {}),
  };
}

function tokens(value: unknown): { text_tokens: number; image_tokens: number } | null {
  if (!isObject(value)) return null;
  return { text_tokens: count(value['text_tokens']) ?? 0, image_tokens: count(value['image_tokens']) ?? 0 };
}

function effective(json: Record<string, unknown>): EffectiveParameters {
  const names = ['size', 'quality', 'background', 'output_format'] as const;
  return Object.fromEntries(names.flatMap((name) => (text(json[name]) ? [[name, text(json[name])]] : [])));
}
