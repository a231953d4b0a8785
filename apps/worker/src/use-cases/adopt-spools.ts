import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJournal, type OpenAttempt } from '@rendermill/shared/adapters/spool/journal';
import { spoolFolders } from '@rendermill/shared/adapters/spool/spool';
import type { WorkerDeps } from '../deps.js';
import { ownerDied } from './owner-died.js';
import { recoverJob } from './recover-job.js';

/**
 * Takes over the spools of dead workers on this disk: tells the ledger what their journals know, stores the paid
 * pictures that they left, and removes the folder when nothing in it is needed.
 */
export async function adoptSpools(deps: WorkerDeps): Promise<void> {
  for (const owner of await spoolFolders(deps.spool.root)) {
    if (owner === deps.worker || !(await deps.liveness.isDead(owner))) continue;
    // One at a time, over all processes; a loan that its holder outlives is taken again.
    if (!(await deps.liveness.lend(`spool:${owner}`, deps.worker, 60_000))) continue;
    await adopt(deps, owner);
  }
}

async function adopt(deps: WorkerDeps, owner: string): Promise<void> {
  const folder = join(deps.spool.root, owner);
  const attempts = [...(await readJournal(folder)).values()];
  deps.log.info({ owner, open_attempts: attempts.length }, 'spool.adopted');
  let left = 0;
  for (const attempt of attempts) {
    await tellLedger(deps, attempt);
    if (!(await recoverJob(deps, attempt.intent.intent.job, owner))) left++;
  }
  if (left === 0) await rm(folder, { recursive: true, force: true });
}

/** What the journal knows of an attempt, the ledger may have missed. Both keep the more certain of two answers. */
async function tellLedger(deps: WorkerDeps, { intent, settled }: OpenAttempt): Promise<void> {
  const { number } = intent;
  const job = intent.intent.job;
  if (settled) await deps.ledger.settle(job, number, settled.settlement, settled.checkpoint);
  else await deps.ledger.settle(job, number, ownerDied(), null);
}
