import type { LineCounts } from './rebuild-batch.js';

/** What a rebuild came to: printed, or as JSON. */
export interface Summary {
  readonly dry_run: boolean;
  readonly batches: { running: number; ended: number; validating: number; kept: number; past: number };
  readonly lines: { -readonly [name in keyof LineCounts]: number };
  readonly jobs: { ended: number; resumed: number; kept: number; past: number };
  /** Attempts of what goes on: those that may have been billed and of which nobody will tell. */
  readonly attempts: { unknown: number };
  readonly files: { restored: number; kept: number; expired: number };
  /** What could not be rebuilt, and why; the rest was. */
  readonly faults: { readonly what: string; readonly message: string }[];
  readonly not_rebuilt: readonly string[];
}

export const notRebuilt: readonly string[] = [
  'webhook endpoints and their secrets: make them again',
  'deliveries that waited: what has ended is told by GET /v1/jobs and GET /v1/batches',
  'single jobs that no worker had begun: they lived in Redis alone',
  'idempotency keys: a repeat of a request from before is a new one',
  'usage, spend and learned limits of accounts: they are counted and learned afresh',
];

export function newSummary(dry_run: boolean): Summary {
  return {
    dry_run,
    batches: { running: 0, ended: 0, validating: 0, kept: 0, past: 0 },
    lines: { done: 0, rebuilt: 0, resumed: 0, left: 0 },
    jobs: { ended: 0, resumed: 0, kept: 0, past: 0 },
    attempts: { unknown: 0 },
    files: { restored: 0, kept: 0, expired: 0 },
    faults: [],
    not_rebuilt: notRebuilt,
  };
}

export function textOf(summary: Summary): string {
  const { dry_run, batches, lines, jobs, attempts, files, faults, not_rebuilt } = summary;
  const were = dry_run ? 'would be' : 'are';
  return [
    dry_run ? 'A dry run: nothing was written.' : 'Rebuilt. Start the workers: they go on from here.',
    `Batches   ${batches.running} running, ${batches.ended} ended, ${batches.validating} to be validated; ${batches.kept} ${were} left as they are in Redis, ${batches.past} past their retention`,
    `Lines     ${lines.done} on record, ${lines.rebuilt} rebuilt from their pictures, ${lines.resumed} go on from what was paid or may have been, ${lines.left} to be rendered`,
    `Jobs      ${jobs.ended} ended, ${jobs.resumed} go on; ${jobs.kept} ${were} left as they are in Redis, ${jobs.past} past their retention`,
    `Attempts  ${attempts.unknown} in flight or never answered: may have been billed, and count against the cap`,
    `Files     ${files.restored}; ${files.kept} known to Redis, ${files.expired} expired`,
    'Not rebuilt:',
    ...not_rebuilt.map((line) => `  - ${line}`),
    ...(faults.length > 0
      ? ['Could not be rebuilt:', ...faults.map(({ what, message }) => `  - ${what}: ${message}`)]
      : []),
  ].join('\n');
}
