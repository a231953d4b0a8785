import { attemptKey } from '@rendermill/shared/adapters/spool/journal';
import type { AttemptRefusal } from '@rendermill/shared/adapters/redis/ledger';
import type { SpooledFile } from '@rendermill/shared/adapters/spool/spool';
import { newsOf, type AccountNews } from '@rendermill/shared/domain/account-news';
import { providerModel, type Account } from '@rendermill/shared/domain/accounts';
import type { Attempt, AttemptIntent, AttemptSettlement, Checkpoint } from '@rendermill/shared/domain/attempts';
import { errorBodyOf } from '@rendermill/shared/domain/errors';
import { hasOthers, refuses } from '@rendermill/shared/domain/failover';
import { specOf, type Job } from '@rendermill/shared/domain/job';
import { costAt } from '@rendermill/shared/domain/routing';
import { judgeFailure, judgeTransport, type Verdict } from '@rendermill/shared/domain/verdicts';
import { withoutPrompt } from '@rendermill/shared/domain/without-prompt';
import { modelLabel } from '@rendermill/shared/observability/model-label';
import type { WorkerDeps } from '../deps.js';
import { buildRequest, type LocalInputs } from '../providers/build-request.js';
import { callProvider, type Answer, type BrokenCall } from '../providers/call-provider.js';
import type { PictureAnswer } from '../providers/read-answer.js';
import { checkpointOf, picturesOf } from './answered-pictures.js';
import { maxResultBytes } from './copy-result.js';
import { inAttemptSpan } from './attempt-span.js';
import { syncPictures, tellLedger, writeIntentToDisk, writeSettlementToDisk } from './record-purchase.js';
import { showPreview } from './show-preview.js';
import { learnUnknown, unknownToAccount } from './unknown-to-account.js';

/**
 * One attempt: a ledger entry first, a call second. The entry is durable in Redis and in this worker's journal before
 * the first byte is sent; what the call came to is recorded whoever owns the job by then.
 */
export interface Purchase {
  readonly attempt: Attempt;
  /** Where the paid pictures are; null where none came. */
  readonly checkpoint: Checkpoint | null;
  /** Why none came; null where some did. */
  readonly verdict: Verdict | null;
}

/** What is to be bought. */
export interface Order {
  readonly call: number;
  readonly indexes: readonly number[];
  readonly account: Account;
  readonly inputs: LocalInputs;
  /** Called when the request is on its way. */
  readonly onSent: () => void;
  /** Called when the answer is on disk: from then on the provider is free for the next. */
  readonly onAnswered: (news: AccountNews) => Promise<void>;
}

const bodyIdleMs = 60_000;

/** Possibly billed attempts that a call may have. A probe has said what it will cost: nothing is bought twice for it. */
export function paidCap({ maxPaidAttempts }: Pick<WorkerDeps, 'maxPaidAttempts'>, { probe }: Pick<Job, 'probe'>) {
  return probe ? 1 : maxPaidAttempts;
}

export async function buyPictures(
  deps: WorkerDeps,
  job: Job,
  order: Order,
): Promise<Purchase | AttemptRefusal | 'lapsed'> {
  return inAttemptSpan(job, order, async () => buy(deps, job, order));
}

async function buy(deps: WorkerDeps, job: Job, order: Order): Promise<Purchase | AttemptRefusal | 'lapsed'> {
  const { account, indexes } = order;
  const request = await buildRequest(
    job,
    account,
    await deps.addressOf(account),
    indexes.length,
    order.inputs,
    purchaseId(job, order.call),
  );
  if (!deps.lease.holds) return 'lapsed';
  const intent = writeIntent(deps, job, order, request.ignored);
  const number = await deps.ledger.beginAttempt(job, intent, paidCap(deps, job));
  if (typeof number === 'string') return number;
  const key = attemptKey(job.id, job.generation, number);
  const asked = job.line ? {} : { order: { spec: specOf(job), inputs: job.inputs, mask: job.mask } };
  await writeIntentToDisk(deps, job, { kind: 'intent', key, number, intent, ...asked });

  deps.metrics.inFlight.inc();
  const answer = await callProvider<SpooledFile>(
    deps.providers,
    request,
    // The head of a stream comes at once, and then nothing until there is something to see.
    {
      timeoutMs: account.timeoutMs,
      idleMs: job.request.partial_images ? account.timeoutMs : bodyIdleMs,
      maxImageBytes: maxResultBytes,
      maxImages: 16,
    },
    async (index) => deps.spool.imageSink(key, index),
    { onSent: order.onSent, onPreview: async (event, preview) => showPreview(deps, job, event, preview) },
  );
  deps.metrics.inFlight.dec();
  const pictures = picturesOf(answer, indexes.length);
  const judged = pictures ? null : verdictOn(answer, account, job.request.prompt);
  const unknown =
    judged && answer.kind === 'answer' ? unknownToAccount(job, request, indexes.length, answer, judged) : null;
  const verdict = judged && unknown ? { ...judged, next: unknown.next } : judged;
  // The pictures are on disk: the provider is free for the next call while these are checked and stored.
  const released = order.onAnswered(
    newsOf(
      verdict,
      answer.told,
      { preset: account.preset, model: providerModel(account, job.model) ?? job.model },
      answer.kind === 'broken' && answer.why === 'disk',
      deps.random,
    ),
  );
  const checkpoint = pictures && checkpointOf(deps, order, pictures, await deps.addressOf(account));
  const settlement = {
    ...settle(deps, job, order, answer, pictures, verdict),
    ...(unknown ? { unknown_parameter: unknown.parameter } : {}),
  };
  await syncPictures(deps, key, checkpoint);
  const [news] = await Promise.all([
    tellLedger(deps, job.id, number, settlement, checkpoint),
    writeSettlementToDisk(deps, { kind: 'settled', key, settlement, checkpoint }),
    released,
  ]);
  report(
    deps,
    job,
    order.account,
    { ...intent, number, settlement },
    {
      bytes: checkpoint?.spooled.reduce((sum, image) => sum + image.bytes, 0) ?? 0,
      news,
      broken: answer.kind === 'broken' ? answer.message : null,
    },
  );
  if (unknown) learnUnknown(deps, job, account, unknown.parameter, settlement);
  return { attempt: { ...intent, number, settlement }, checkpoint, verdict };
}

function writeIntent(
  deps: WorkerDeps,
  job: Job,
  { call, indexes, account }: Order,
  ignored: readonly string[],
): AttemptIntent {
  return {
    job: job.id,
    generation: job.generation,
    call,
    indexes,
    provider: account.id,
    model: job.model,
    worker: deps.worker,
    fence: job.fence,
    started_at: Date.now(),
    timeout_ms: account.timeoutMs,
    ignored_parameters: ignored,
  };
}

/** Attempts that were refused bought nothing: the next is another purchase. One that may have been answered is the same. */
function purchaseId(job: Job, call: number): string {
  const refused = job.attempts.filter(
    ({ settlement }) => settlement?.outcome === 'rejected' || settlement?.outcome === 'billed',
  ).length;
  return `${job.id}.${job.generation}.${call}.${refused}`;
}

/** Some relays repeat the key that they refuse, and the prompt: neither gets into books, events and answers. */
function verdictOn(
  answer: Answer<SpooledFile> | BrokenCall<SpooledFile>,
  { apiKey }: Account,
  prompt: string | null,
): Verdict {
  const verdict = answer.kind === 'broken' ? judgeTransport(answer) : judgeFailure(answer);
  const message = withoutPrompt(verdict.message, prompt);
  return { ...verdict, message: apiKey === '' ? message : message.replaceAll(apiKey, '…') };
}

const forms = { bytes: 'bytes', url: 'link', task: 'task' } as const;

function settle(
  deps: WorkerDeps,
  job: Job,
  { account, indexes }: Order,
  answer: Answer<SpooledFile> | BrokenCall<SpooledFile>,
  pictures: PictureAnswer<SpooledFile> | null,
  verdict: Verdict | null,
): AttemptSettlement {
  const outcome = verdict?.outcome ?? 'billed';
  const free = outcome === 'not_sent' || outcome === 'rejected';
  // What came broken or is unknown is counted as if it were billed in full: a claim is made with the higher figure.
  const made = pictures && answer.kind === 'answer' ? Math.min(pictures.items.length, indexes.length) : indexes.length;
  const price = free ? { micros: 0, basis: null } : costAt(account, job, made, pictures?.usage ?? null);
  const others = hasOthers([...deps.accounts.values()], job, account.id);
  return {
    outcome,
    ended_at: Date.now(),
    http_status: answer.status,
    request_id: answer.requestId,
    error:
      answer.kind === 'broken' && !verdict
        ? errorBodyOf('bad_provider_response', answer.message)
        : verdict && errorBodyOf(verdict.code, verdict.message),
    cost: price?.micros ?? null,
    cost_basis: price?.basis ?? null,
    usage: pictures?.usage ?? null,
    effective: pictures?.effective ?? {},
    ...(job.probe && pictures?.items[0] ? { answered_as: forms[pictures.items[0].kind] } : {}),
    ...(verdict && refuses(verdict, job.tries, others) ? { refused: true } : {}),
  };
}

function report(
  deps: WorkerDeps,
  job: Job,
  account: Account,
  attempt: Attempt & { readonly settlement: AttemptSettlement },
  { bytes, news, broken }: { readonly bytes: number; readonly news: boolean; readonly broken: string | null },
): void {
  const { provider, started_at, settlement } = attempt;
  const { outcome, ended_at, http_status, request_id, cost, error } = settlement;
  const model = modelLabel(account, job.model);
  deps.metrics.attempts.inc({ provider, model, outcome });
  deps.metrics.attemptSeconds.observe({ provider, model }, (ended_at - started_at) / 1_000);
  if (cost) deps.metrics.spend.inc({ provider, model, outcome }, cost / 1_000_000);
  if (cost === null) deps.metrics.unpriced.inc({ provider, model });
  deps.log.info(
    {
      job: job.id,
      project: job.project,
      ...(job.batch_id === null ? {} : { batch: job.batch_id, line: job.line?.number }),
      generation: job.generation,
      attempt: attempt.number,
      call: attempt.call,
      provider,
      preset: account.preset.id,
      model: job.model,
      images: attempt.indexes.length,
      bytes,
      outcome,
      http_status,
      provider_request_id: request_id,
      cost_micros: cost,
      duration_ms: ended_at - started_at,
      ...(attempt.ignored_parameters.length > 0 ? { ignored_parameters: attempt.ignored_parameters } : {}),
      // The provider's own words are with the job: they may repeat what it was asked.
      ...(error ? { code: error.code } : {}),
      ...(broken === null ? {} : { message: broken }),
      // False where a later owner had given the attempt up as unknown: its true outcome stands now.
      ...(news ? {} : { repeated: true }),
    },
    'job.attempted',
  );
}
