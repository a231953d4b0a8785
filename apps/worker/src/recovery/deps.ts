import type { FileRecord } from '@rendermill/shared/domain/files';
import type { RecoveryStore } from '@rendermill/shared/adapters/redis/recovery-store';
import type { Storage } from '@rendermill/shared/ports/storage';
import type { WorkerDeps } from '../deps.js';

/** What the rebuild works with. Made once, in `apps/worker/src/recover.ts`. */
export interface RecoveryDeps extends Pick<
  WorkerDeps,
  'accounts' | 'prefer' | 'log' | 'random' | 'interrupted' | 'liveness'
> {
  readonly store: RecoveryStore;
  /** Of a dry run its `put` does nothing. */
  readonly storage: Pick<Storage, 'get' | 'head' | 'list' | 'put'>;
  readonly files: {
    readonly get: (project: string, id: string) => Promise<FileRecord | null>;
    readonly save: (file: FileRecord) => Promise<void>;
  };
  /** Folders that hold workers' spools. */
  readonly spools: readonly string[];
  /** Nothing is written. */
  readonly dryRun: boolean;
  /** Adds to what Redis has already. */
  readonly merge: boolean;
  /** A line for who watches. */
  readonly say: (line: string) => void;
}
