import type { RestoredJob } from '@rendermill/shared/adapters/redis/recovery-store';
import { lineOfJob } from '@rendermill/shared/domain/batch';
import { readBatchDocument } from '@rendermill/shared/domain/batch-document';
import { asError } from '@rendermill/shared/domain/errors';
import { isTerminal } from '@rendermill/shared/domain/job';
import { readText } from '../use-cases/read-text.js';
import type { RecoveryDeps } from './deps.js';
import { orderIn, readJournals, type Journals } from './journals.js';
import { rebuildBatch } from './rebuild-batch.js';
import { endedJob, journalledJob, recordedJob } from './rebuild-job.js';
import { restoreOutputs, restoreUpload } from './restore-files.js';
import { SideBySide } from './side-by-side.js';
import { newSummary, type Summary } from './summary.js';

/** Nothing was changed, and why: for a person. */
export class RecoveryRefused extends Error {}

/**
 * Rebuilds the ledger from the bucket and the workers' journals. Files first, for lines name them; each batch and each job in
 * one script, so that an end at any line leaves whole ones, and a second run adds the rest.
 */
export async function recover(deps: RecoveryDeps): Promise<Summary> {
  await requireQuiet(deps);
  const journals = await readJournals(deps.spools);
  const summary = newSummary(deps.dryRun);
  if (journals.unreadable > 0)
    summary.faults.push({ what: 'journals', message: `${journals.unreadable} lines cannot be read` });
  deps.say(`${journals.owners.length} journals, with open attempts of ${journals.attempts.size} jobs.`);
  // From here on their pictures are waited for, and fetched by whoever starts on their disks.
  if (!deps.dryRun) for (const owner of journals.owners) await deps.liveness.giveUp(owner);
  const batches = await walk(deps, journals, summary);
  for (const key of batches) await told(summary, key, async () => restoreBatch(deps, key, journals, summary));
  for (const [id, open] of journals.attempts) {
    const order = lineOfJob(id) ? null : orderIn(open);
    if (order) await told(summary, id, async () => restoreJob(deps, summary, await journalledJob(deps, order, open)));
  }
  return summary;
}

/** A worker that lives may be waiting for an answer that the rebuild would count as lost. */
async function requireQuiet({ store, merge, dryRun }: RecoveryDeps): Promise<void> {
  if (dryRun) return;
  const living = await store.living();
  if (living.length > 0) {
    const message = `${living.length} worker(s) run: stop them first. SIGTERM lets them finish what is paid; their journals then tell of it.`;
    throw new RecoveryRefused(message);
  }
  const projects = merge ? [] : await store.projects();
  if (projects.length > 0) {
    const message = `This Redis has jobs or batches already (project ${projects.join(', ')}). With --merge what is missing is added, and what is there stays as it is.`;
    throw new RecoveryRefused(message);
  }
}

const upload = /^([^/]+)\/files\/file-[0-9A-Za-z]{22}$/;
const batchDocumentKey = /^([^/]+)\/batches\/batch_[0-9A-Za-z]{22}\/batch\.json$/;
const jobRecord = /^([^/]+)\/jobs\/(\d{4})\/(\d\d)\/(\d\d)\/(job_[0-9A-Za-z]{22})\/job\.json$/;

const sayEvery = 50_000;
const dayMs = 86_400_000;

/** Goes through the bucket once; restores files and single jobs, and answers the keys of the batches. */
async function walk(deps: RecoveryDeps, journals: Journals, summary: Summary): Promise<string[]> {
  const batches: string[] = [];
  const projects = new Set<string>();
  const sideBySide = new SideBySide(16);
  let objects = 0;
  for await (const { key } of deps.storage.list('')) {
    if (++objects % sayEvery === 0) deps.say(`${objects} objects in the bucket so far.`);
    const project = (upload.exec(key) ?? batchDocumentKey.exec(key) ?? jobRecord.exec(key))?.[1];
    if (project === undefined) continue;
    if (!projects.has(project) && !deps.dryRun) await deps.store.keepSequence(project);
    projects.add(project);
    if (batchDocumentKey.test(key)) batches.push(key);
    else if (upload.test(key)) {
      await sideBySide.start(async () => told(summary, key, async () => restoreUpload(deps, summary, key)));
    } else
      await sideBySide.start(async () => told(summary, key, async () => restoreRecord(deps, key, journals, summary)));
  }
  await sideBySide.end();
  deps.say(`${objects} objects in the bucket, ${batches.length} batches.`);
  return batches;
}

/** One that cannot be rebuilt keeps no other from being. */
async function told(summary: Summary, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    summary.faults.push({ what, message: asError(error).message.slice(0, 500) });
  }
}

/** A single job by its record; one that a journal names comes later, with what that knows. */
async function restoreRecord(deps: RecoveryDeps, key: string, journals: Journals, summary: Summary): Promise<void> {
  const [, , year, month, day, id = ''] = jobRecord.exec(key) ?? [];
  const open = journals.attempts.get(id) ?? [];
  if (orderIn(open)) return;
  // Its end is at most a day after; a retry of one that is older is asked for within its retention.
  if (deps.store.isPast(Date.UTC(Number(year), Number(month) - 1, Number(day)) + dayMs)) {
    summary.jobs.past++;
    return;
  }
  const job = await recordedJob(deps, key);
  if (!job || !isTerminal(job.status)) throw new Error('a record of a job that has not ended');
  if (deps.store.isPast(job.completed_at ?? job.created_at)) summary.jobs.past++;
  else await restoreJob(deps, summary, endedJob(job, open));
}

async function restoreJob(deps: RecoveryDeps, summary: Summary, restored: RestoredJob): Promise<void> {
  const { job } = restored;
  const isNew = deps.dryRun ? !(await deps.store.has('job', job.id)) : await deps.store.restoreJob(restored);
  if (!isNew) {
    summary.jobs.kept++;
    return;
  }
  summary.jobs[isTerminal(job.status) ? 'ended' : 'resumed']++;
  if (!isTerminal(job.status)) summary.attempts.unknown += unknownOf(restored);
}

async function restoreBatch(deps: RecoveryDeps, key: string, journals: Journals, summary: Summary): Promise<void> {
  const document = readBatchDocument((await readText(deps.storage, key)) ?? '');
  const { spec, state } = document;
  if (await deps.store.has('batch', spec.id)) {
    summary.batches.kept++;
    return;
  }
  const endedAt = state?.times[state.status];
  const ended = state !== null && ['failed', 'completed', 'expired', 'cancelled'].includes(state.status);
  if (ended && endedAt !== undefined && deps.store.isPast(endedAt)) {
    summary.batches.past++;
    return;
  }
  const { restored, how, lines } = await rebuildBatch(deps, document, journals);
  await restoreOutputs(deps, summary, state?.files ?? []);
  if (!deps.dryRun && !(await deps.store.restoreBatch(restored))) {
    summary.batches.kept++;
    return;
  }
  summary.batches[how]++;
  for (const name of ['done', 'rebuilt', 'resumed', 'left'] as const) summary.lines[name] += lines[name];
  for (const job of restored.jobs) summary.attempts.unknown += unknownOf(job);
  const { done, rebuilt, resumed, left } = lines;
  deps.say(
    `${spec.id} (${how}): ${done} lines on record, ${rebuilt} rebuilt, ${resumed} resumed, ${left} to be rendered.`,
  );
}

function unknownOf({ job }: RestoredJob): number {
  return job.attempts.filter(({ settlement }) => settlement?.outcome === 'unknown').length;
}
