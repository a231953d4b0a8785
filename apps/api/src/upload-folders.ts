import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isId } from '@rendermill/shared/domain/ids';
import type { Logger } from '@rendermill/shared/observability/log';

/** Uploads on their way to the store lie in a folder per API process: what a killed one left is removed by the next. */

/** Makes this process's folder. Its lease must live already, or another process takes it for left behind. */
export async function makeUploadFolder(root: string, holder: string): Promise<string> {
  const folder = join(root, holder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

export interface UploadSweep {
  readonly root: string;
  readonly isAlive: (holder: string) => Promise<boolean>;
  /** Between two looks: a process that lives has renewed its lease by then, Redis's own restart or not. */
  readonly graceMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Removes the folders of processes that were dead at two looks. Never throws: what stays is found at the next start. */
export async function sweepUploadFolders(sweep: UploadSweep): Promise<void> {
  try {
    const suspects = await deadOnes(sweep, await readdir(sweep.root));
    if (suspects.length === 0) return;
    await sleep(sweep.graceMs, undefined, { signal: sweep.signal });
    for (const holder of await deadOnes(sweep, suspects)) {
      await rm(join(sweep.root, holder), { recursive: true, force: true });
      sweep.log.info({ holder }, 'uploads.swept');
    }
  } catch (error) {
    if (!sweep.signal.aborted) sweep.log.warn({ error }, 'uploads.not_swept');
  }
}

async function deadOnes({ isAlive }: UploadSweep, names: readonly string[]): Promise<string[]> {
  const dead: string[] = [];
  for (const name of names) if (isId('api', name) && !(await isAlive(name))) dead.push(name);
  return dead;
}
