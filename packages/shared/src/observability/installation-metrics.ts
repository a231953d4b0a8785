import { Gauge, Registry } from 'prom-client';

/**
 * Gauges of the whole installation, as Redis has them. One API process exports them at a time, so that sums over
 * processes are right; see `apps/api/src/installation.ts`.
 */
export function createInstallationMetrics() {
  const registry = new Registry();
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `rendermill_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  return {
    registry,
    queueEntries: gauge(
      'queue_entries',
      'Entries that wait in the queues: prepare (inputs to fetch), ready (a permit), deliveries.',
      ['queue'],
    ),
    jobs: gauge('jobs', 'Jobs that have not ended, lines of batches that were begun among them.', ['status']),
    oldestQueued: gauge(
      'oldest_queued_job_age_seconds',
      'Age of the oldest job that is queued, waits before a retry included; 0: none is.',
    ),
    jobsDue: gauge('jobs_due', 'Jobs on the timer: new ones without an entry yet, retries, waits.'),
    jobsOverdue: gauge(
      'jobs_overdue_seconds',
      'For how long the first job of the timer should have had its queue entry; workers add them within seconds.',
    ),
    unknownAttempts: gauge('unknown_attempts', 'Attempts on record that may have been billed.'),
    outbox: gauge('outbox_deliveries', 'Webhook deliveries that wait to be made or made again.'),
    outboxTargets: gauge('outbox_targets', 'Receivers with deliveries that wait.'),
    outboxOverdue: gauge(
      'outbox_overdue_seconds',
      'For how long the first delivery should have been under way; workers take them within seconds.',
    ),
    batches: gauge('batches', 'Batches that have not ended; paused: in progress, with nothing being fed.', ['status']),
    batchLines: gauge(
      'batch_lines',
      'Lines of these batches: waiting, open (a job now), completed, failed, cancelled.',
      ['state'],
    ),
    workers: gauge('workers', 'Workers that live.'),
    accountCalls: gauge('account_calls', 'Permits that are out: calls in flight at an account, over all workers.', [
      'provider',
    ]),
    accountConcurrency: gauge(
      'account_concurrency_limit',
      'Calls at the same time that an account is given now: as configured, or as few as it has taught.',
      ['provider'],
    ),
    accountWaiting: gauge(
      'account_waiting_jobs',
      'Jobs that wait for a permit and that the account could serve; one may wait for several.',
      ['provider'],
    ),
    accountParked: gauge(
      'account_parked',
      '1 while an account is set aside because it said that it serves nobody (dead key, empty purse).',
      ['provider'],
    ),
    accountCircuit: gauge('account_circuit_open', '1 while an account gets no call because its calls failed.', [
      'provider',
    ]),
    accountCoolDown: gauge(
      'account_cooldown_seconds',
      'For how long an account gets no call because it asked for a pause.',
      ['provider'],
    ),
    redisUsed: gauge('redis_used_memory_bytes', "Memory that Redis uses, other installations' on it included."),
    redisMax: gauge('redis_max_memory_bytes', 'Memory that Redis may use at most; 0: as much as there is.'),
  };
}

export type InstallationMetrics = ReturnType<typeof createInstallationMetrics>;
