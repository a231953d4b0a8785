import type { CreateBatch, Estimate } from '@rendermill/client';
import { RendermillError } from '@rendermill/client';
import type { Run } from '../command.js';
import { clip, count, dollars, duration } from '../format.js';

type BatchEstimate = Extract<Estimate, { lines: number }>;

/** Null where nobody knows the price. */
export async function estimateOf({ client, terminal }: Run, body: CreateBatch): Promise<BatchEstimate | null> {
  try {
    const estimate = await client.post('/v1/estimates', { body });
    return 'lines' in estimate ? estimate : null;
  } catch (error) {
    if (!(error instanceof RendermillError) || error.code !== 'price_unknown') throw error;
    terminal.say(`Its price is not known: ${error.message}`);
    return null;
  }
}

interface Asked {
  readonly model: string | null;
  readonly request: Readonly<Record<string, unknown>> | null;
}

/** What the first line leaves to the model, and costs accordingly. Without a word these take `auto`; others have no such choice. */
export function leftToModel([first]: readonly Asked[]): string[] {
  const { model, request } = first ?? { model: null, request: null };
  if (!request) return [];
  const unsaid = /gpt-image/.test(model ?? '') ? 'auto' : undefined;
  return ['quality', 'size'].filter((name) => (request[name] ?? unsaid) === 'auto');
}

/** A limit that not all of it fits in, or not even one picture. */
export function sayTooLittle({ terminal }: Run, estimate: BatchEstimate | null, maxCost: number | undefined): void {
  if (!estimate || maxCost === undefined || estimate.images === 0) return;
  const each = estimate.cost.max / estimate.images;
  if (maxCost < each)
    terminal.say(`One picture costs up to ${dollars(each)}: with --max-cost ${maxCost} there may be none at all.`);
  else if (maxCost < estimate.cost.max)
    terminal.say(
      `It stops at --max-cost ${maxCost}: about ${Math.floor(maxCost / each)} of ${count(estimate.images, 'picture')}.`,
    );
}

/** What it costs, in words for people. */
export function sayPrice({ terminal }: Run, estimate: BatchEstimate | null, left: readonly string[]): void {
  if (!estimate) return;
  const { lines, images, cost, seconds, excludes, invalid_lines: invalid, sample } = estimate;
  const most = left.length > 0 ? 'at most ' : '';
  const price =
    cost.min === cost.max
      ? `${most}${dollars(cost.max)}`
      : `${dollars(cost.min)} to ${dollars(cost.max)}, by the account that makes it${most && ', at most'}`;
  const about = sample ? ` (extrapolated from the first ${sample.lines})` : '';
  terminal.say(
    `${count(lines, 'line')}, ${count(images, 'picture')}${about}: ${price}${seconds === null ? '' : `, about ${duration(seconds)}`}.`,
  );
  if (estimate.skipped_rows > 0)
    terminal.say(
      `Left out by the template's "when": ${count(estimate.skipped_rows, 'row')}. Lines are counted without them.`,
    );
  if (left.length > 0)
    terminal.say(
      `Its ${left.join(' and ')} ${left.length === 1 ? 'is' : 'are'} left to the model and counted at the dearest: name ${left.length === 1 ? 'one' : 'them'} in the template.`,
    );
  if (excludes.length > 0)
    terminal.say(
      `Not counted, because nobody knows it: ${excludes.join(', ').replaceAll('_', ' ')}. It will cost more.`,
    );
  if (invalid.count === 0) return;
  terminal.say(`${count(invalid.count, 'line')} would fail without being bought:`);
  for (const { line, custom_id, error } of invalid.first)
    terminal.say(`  line ${line}  ${clip(custom_id, 40)}  ${error.code}: ${clip(error.message, 200)}`);
}

/** True where it may be spent. */
export async function agreed({ terminal, values }: Run, question: string): Promise<boolean> {
  if (values['yes'] === true) return true;
  const yes = await terminal.confirm(question);
  if (yes === null) terminal.say('Nothing was spent. To spend it without a terminal, add --yes.');
  else if (!yes) terminal.say('Nothing was spent.');
  return yes === true;
}
