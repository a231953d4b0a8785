import { accountBook } from '@rendermill/shared/adapters/redis/books';
import type { Account } from '@rendermill/shared/domain/accounts';
import { orderOf, type Line } from '@rendermill/shared/domain/batch-line';
import { notCounted, type NotCounted, type Wanted } from '@rendermill/shared/domain/costs';
import { errorBody, RendermillError, type ErrorBody } from '@rendermill/shared/domain/errors';
import { callsOf, offersFor, type Offer } from '@rendermill/shared/domain/estimates';
import { planJob, type Plan } from '@rendermill/shared/domain/plan';
import { route, type RoutingClass } from '@rendermill/shared/domain/routing-class';
import { SeenIds } from '@rendermill/shared/streams/seen-ids';
import { clip } from '@rendermill/shared/domain/text';
import type { ApiDeps, Caller } from '../deps.js';
import type { BatchBody } from '../http/batch-body.js';
import { inputLines } from './batch-input.js';
import { givenLines } from './batch-source.js';
import { ahead, meanTimes, unseen } from './estimate-job.js';

/** What a batch would cost and take: every line planned as it would be, nothing stored, nothing bought. */
export interface BatchEstimate {
  readonly lines: number;
  readonly images: number;
  readonly calls: number;
  /** Micro-dollars at the cheapest and at the dearest account of each line. */
  readonly min: number;
  readonly max: number;
  /** What the figures leave out. */
  readonly excludes: readonly NotCounted[];
  /** Lines that would fail without being bought, and the first of them. */
  readonly invalid: { readonly count: number; readonly first: readonly InvalidLine[] };
  /** Rows of a catalogue that its template leaves out. */
  readonly skipped_rows: number;
  readonly seconds: number | null;
  /** Null where every line was read; else the figures are those of the lines read, extrapolated. */
  readonly sample: { readonly lines: number; readonly share: number } | null;
}

export interface InvalidLine {
  readonly line: number;
  readonly custom_id: string;
  readonly error: ErrorBody;
}

/** A file that takes longer to read is judged by its beginning, and the answer says so. */
const readForMs = 10_000;
const maxInvalid = 20;

/** A line as it would be bought. */
export interface PlannedLine {
  readonly plan: Plan;
  readonly eligible: readonly Account[];
  readonly routing: RoutingClass;
  readonly type: 'generation' | 'edit' | 'variation';
  readonly offers: readonly Offer[];
}

/** A line's plan, or what is wrong with it. Throws where nobody knows its price. */
export function planLine(
  deps: Pick<ApiDeps, 'accounts' | 'prefer'>,
  caller: Caller,
  line: Line,
): PlannedLine | ErrorBody {
  const order = orderOf(line);
  if ('message' in order) return order;
  const { type, provider = null, mask = null } = order.job;
  const { mode } = caller;
  let plan: Plan;
  let routed: ReturnType<typeof route>;
  let wanted: Wanted;
  try {
    plan = planJob(deps.accounts, mode, order.job);
    wanted = { type, model: plan.model, request: plan.request, inputs: plan.images.map(() => unseen) };
    routed = route(deps.accounts, { ...wanted, mode, provider, mask }, deps.prefer);
  } catch (error) {
    if (error instanceof RendermillError) return errorBody(error);
    throw error;
  }
  return { plan, ...routed, type, offers: offersFor(routed.eligible, wanted) };
}

export async function estimateBatch(deps: ApiDeps, caller: Caller, body: BatchBody): Promise<BatchEstimate> {
  const given = await givenLines(deps, caller.project, body);
  const totals = new Totals();
  const seen = new SeenIds();
  const until = Date.now() + readForMs;
  let share = 1;
  for await (const input of inputLines(deps, given, body.endpoint ?? null, () => totals.skip())) {
    const { number, line } = input;
    if ('code' in line) throw atLine(number, null, 'invalid_parameter', line.message);
    if (given.kind === 'jsonl') unique(seen, number, line.custom_id);
    totals.add(number, line, plannedOrNamed(deps, caller, number, line));
    if (input.share < 1 && totals.lines % 100 === 0 && Date.now() > until) {
      share = input.share;
      break;
    }
  }
  if (totals.lines === 0)
    throw new RendermillError('empty_file', 'The input has no lines.', { param: 'input_file_id' });
  return totals.estimate(share, await totals.seconds(deps, caller));
}

/** Such a file would be refused whole. */
function unique(seen: SeenIds, number: number, customId: string): void {
  const earlier = seen.add(customId, number);
  if (earlier === null) return;
  const message = `its custom_id is that of line ${earlier} too: each is unique in its batch.`;
  throw atLine(number, customId, 'invalid_parameter', message, 'custom_id');
}

function plannedOrNamed(deps: ApiDeps, caller: Caller, number: number, line: Line): PlannedLine | ErrorBody {
  try {
    return planLine(deps, caller, line);
  } catch (error) {
    if (!(error instanceof RendermillError)) throw error;
    throw atLine(number, line.custom_id, error.code, error.message, error.param);
  }
}

function atLine(
  number: number,
  customId: string | null,
  code: RendermillError['code'],
  message: string,
  param: string | null = null,
): RendermillError {
  const where = `Line ${number}${customId === null ? '' : ` ('${clip(customId, 64)}')`}`;
  return new RendermillError(code, `${where}: ${message}`, { param });
}

/** Calls of one model that the same accounts could make. */
interface Group {
  readonly model: string;
  readonly eligible: readonly Account[];
  calls: number;
}

class Totals {
  lines = 0;
  #images = 0;
  #calls = 0;
  #min = 0;
  #max = 0;
  readonly #excludes = new Set<NotCounted>();
  #invalidCount = 0;
  readonly #invalid: InvalidLine[] = [];
  #skipped = 0;
  readonly #groups = new Map<string, Group>();

  skip(): void {
    this.#skipped++;
  }

  add(number: number, { custom_id }: Line, planned: PlannedLine | ErrorBody): void {
    this.lines++;
    if ('message' in planned) {
      this.#invalidCount++;
      if (this.#invalid.length < maxInvalid) this.#invalid.push({ line: number, custom_id, error: planned });
      return;
    }
    const { routing, eligible } = planned;
    const { request, model } = planned.plan;
    const known = planned.offers.flatMap(({ price }) => price ?? []);
    const costs = known.map(({ micros }) => micros);
    const calls = callsOf(request, routing);
    this.#images += request.n;
    this.#calls += calls;
    this.#min += Math.min(...costs);
    this.#max += Math.max(...costs);
    for (const one of planned.offers.flatMap(({ excludes }) => excludes)) this.#excludes.add(one);
    const group = this.#groups.get(`${routing.id}|${model}`) ?? { model, eligible, calls: 0 };
    this.#groups.set(`${routing.id}|${model}`, group);
    group.calls += calls;
  }

  /** `share`: how much of the input was read. */
  estimate(share: number, seconds: number | null): BatchEstimate {
    const all = (count: number): number => Math.round(count / share);
    return {
      lines: all(this.lines),
      images: all(this.#images),
      calls: all(this.#calls),
      min: all(this.#min),
      max: all(this.#max),
      excludes: notCounted.filter((one) => this.#excludes.has(one)),
      invalid: { count: all(this.#invalidCount), first: this.#invalid },
      skipped_rows: all(this.#skipped),
      seconds: seconds === null ? null : all(seconds),
      sample: share === 1 ? null : { lines: this.lines, share },
    };
  }

  /** Each group at its first account that was timed lately, all accounts side by side; null where a group has none. */
  async seconds(deps: ApiDeps, caller: Caller): Promise<number | null> {
    const work = new Map<Account, { calls: number; ms: number }>();
    for (const { model, eligible, calls } of this.#groups.values()) {
      const means = await meanTimes(deps, caller, model);
      const account = eligible.find(({ id }) => means.has(id));
      if (!account) return null;
      const sum = work.get(account) ?? { calls: 0, ms: 0 };
      work.set(account, { calls: sum.calls + calls, ms: sum.ms + calls * (means.get(account.id) ?? 0) });
    }
    const times = [...work].map(async ([account, { calls, ms }]) => {
      const [{ concurrency, requestsPerMinute }, before] = await Promise.all([
        deps.accountState(accountBook(account)),
        ahead(deps, account),
      ]);
      const all = before + calls;
      const rendering = ((ms / calls) * all) / concurrency;
      return Math.max(rendering, requestsPerMinute === null ? 0 : (all / requestsPerMinute) * 60_000);
    });
    return times.length === 0 ? null : Math.ceil(Math.max(...(await Promise.all(times))) / 1_000);
  }
}
