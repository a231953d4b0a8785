import { readJournal, type JournalOrder, type OpenAttempt } from '@rendermill/shared/adapters/spool/journal';
import { spoolFolders } from '@rendermill/shared/adapters/spool/spool';
import { join } from 'node:path';

/** What the journals of all workers on these disks leave open. */
export interface Journals {
  /** By job. */
  readonly attempts: ReadonlyMap<string, readonly OpenAttempt[]>;
  /** Workers that wrote them. */
  readonly owners: readonly string[];
  /** Lines that cannot be read. */
  readonly unreadable: number;
}

export async function readJournals(roots: readonly string[]): Promise<Journals> {
  const attempts = new Map<string, OpenAttempt[]>();
  const owners: string[] = [];
  let unreadable = 0;
  for (const root of roots) {
    for (const owner of await foldersIn(root)) {
      owners.push(owner);
      const journal = await readJournal(join(root, owner));
      unreadable += journal.unreadable;
      for (const attempt of journal.attempts.values()) {
        const { job } = attempt.intent.intent;
        attempts.set(job, [...(attempts.get(job) ?? []), attempt]);
      }
    }
  }
  return { attempts, owners, unreadable };
}

/** What was asked for, as the latest intent says; null of a batch's line. */
export function orderIn(attempts: readonly OpenAttempt[]): JournalOrder | null {
  return attempts.findLast(({ intent }) => intent.order)?.intent.order ?? null;
}

/** None where no worker ever ran here. */
async function foldersIn(root: string): Promise<string[]> {
  try {
    return await spoolFolders(root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
