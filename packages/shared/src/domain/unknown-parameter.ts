import { describeError, type FailedAnswer } from './verdicts.js';

/**
 * The parameter that a provider says it does not know, as the provider writes it. Relays rewrite types, leave `param`
 * empty and put the name into the message alone. What is wrong with a parameter's value is another matter.
 */
const name = String.raw`['"\`‘“]?([A-Za-z_][\w.]*(?:\[\d*\])?)`;
const noun = '(?:request )?(?:parameter|argument|keyword argument|field|property|key|input)s?(?: supplied| provided)?';
const messages: readonly RegExp[] = [
  new RegExp(`(?:unknown|unsupported|unrecogni[sz]ed|unexpected)\\s+${noun}\\s*:?\\s*${name}`, 'i'),
  new RegExp(
    `(?:parameter|argument|field)\\s+${name}['"\`’”]?\\s+is\\s+(?:not\\s+(?:supported|allowed|recogni[sz]ed|permitted|known)|unknown|unsupported)`,
    'i',
  ),
  new RegExp(`additional properties are not allowed \\(${name}`, 'i'),
  new RegExp(`(?:不支持的?|未知的?|无效的?)参数\\s*[:：]?\\s*${name}`),
];

export function unknownParameter(answer: Pick<FailedAnswer, 'json' | 'text'>): string | null {
  const forbidden = forbiddenExtra(answer.json);
  if (forbidden !== null) return forbidden;
  const described = describeError(answer.json);
  const message = described?.message ?? answer.text;
  const named = messages.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== undefined) ?? null;
  if (!/^(unknown|unsupported)_parameter$/.test(described?.code ?? '')) return named;
  return described?.param || named;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** FastAPI's way: `{"detail":[{"type":"extra_forbidden","loc":["body","moderation"]}]}`. */
function forbiddenExtra(json: unknown): string | null {
  const detail: unknown = isObject(json) ? json['detail'] : undefined;
  if (!Array.isArray(detail)) return null;
  const extra: unknown = detail.find((row: unknown) => isObject(row) && row['type'] === 'extra_forbidden');
  const place: unknown = isObject(extra) && Array.isArray(extra['loc']) ? extra['loc'].at(-1) : undefined;
  return typeof place === 'string' ? place : null;
}
