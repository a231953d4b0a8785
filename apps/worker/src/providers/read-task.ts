import type { Answer } from './call-provider.js';
import { readAnswer, type AnswerItem } from './read-answer.js';

/** What a provider says of a task that it was given. */
export type TaskState<T> =
  | { readonly kind: 'done'; readonly items: readonly AnswerItem<T>[] }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'pending' };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const failed = /^(fail|error|cancel|expired|reject)/i;

/** Pictures are taken wherever the images API, or the forks that nest its answer in `data` or `result`, have them. */
export function readTask<T>(answer: Answer<T>): TaskState<T> {
  const { json } = answer;
  if (!isObject(json)) return { kind: 'pending' };
  const inner = [json, json['data'], json['result']].filter(isObject);
  for (const body of inner) {
    const status = body['status'] ?? body['task_status'] ?? body['state'];
    if (typeof status === 'string' && failed.test(status)) return { kind: 'failed', message: reason(body) ?? status };
  }
  for (const body of inner) {
    const data = [body['data'], body['images'], body['results']].find(Array.isArray);
    const items = readAnswer({ ...answer, json: { data } }, 0)?.items.filter(({ kind }) => kind !== 'task') ?? [];
    if (items.length > 0) return { kind: 'done', items };
  }
  return { kind: 'pending' };
}

function reason(body: Record<string, unknown>): string | null {
  const told = body['error'] ?? body['message'] ?? body['fail_reason'];
  const text = isObject(told) ? told['message'] : told;
  return typeof text === 'string' && text !== '' ? text : null;
}
