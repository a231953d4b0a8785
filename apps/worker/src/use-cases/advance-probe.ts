import { spent } from '@rendermill/shared/domain/attempts';
import { errorBodyOf, type ErrorBody } from '@rendermill/shared/domain/errors';
import { probeJobId } from '@rendermill/shared/domain/ids';
import { subjectOf } from '@rendermill/shared/domain/profile';
import { probeCost, probeMs, type Probe } from '@rendermill/shared/domain/probe';
import { findingsOf, followProbe, type EndedStep, type ProbeCourse } from '@rendermill/shared/domain/probe-findings';
import { stepCost } from '@rendermill/shared/domain/probe-plan';
import type { ProbeStep } from '@rendermill/shared/domain/probe-steps';
import type { Account } from '@rendermill/shared/domain/accounts';
import { dollars } from '@rendermill/shared/domain/prices';
import type { WorkerDeps } from '../deps.js';
import { keepProfile } from './keep-profile.js';
import { submitProbeJob } from './submit-probe-job.js';

/**
 * Goes on with the probes that run: every worker may, at any time. What a probe has come to is read from its jobs, whose
 * ids follow from it; so one that a killed worker left is gone on with where it stood, and no call is made twice.
 */
export async function advanceProbes(deps: WorkerDeps): Promise<void> {
  for (const id of await deps.profiles.running()) {
    try {
      const { probe } = await deps.profiles.read(id);
      if (probe?.status === 'running') await advance(deps, probe);
    } catch (error) {
      // One that cannot be gone on with now must not hold up the others.
      deps.log.error({ error, provider: id }, 'probe.not_advanced');
    }
  }
}

async function advance(deps: WorkerDeps, probe: Probe): Promise<void> {
  const account = deps.accounts.get(probe.account);
  const late = Date.now() - probe.created_at > probeMs;
  // Perhaps only this worker's configuration lacks it.
  if (!account && !late) return;
  if (!account || subjectOf(account) !== probe.subject)
    return end(
      deps,
      probe,
      account,
      [],
      'failed',
      fault('The account was configured otherwise since the probe began.'),
    );
  const course = await followProbe(probe, account, async (step) => deps.ledger.read(probeJobId(probe.id, step)));
  const { ended, step, job, failed } = course;
  if (failed) return end(deps, probe, account, ended, 'failed', fault(whyFailed(course)));
  if (!step) return end(deps, probe, account, ended, 'completed', null);
  // Its deadline is the probe's: it ends by then, and what it may cost is known.
  if (job) return;
  if (late) return end(deps, probe, account, ended, 'interrupted', fault('The probe took longer than two hours.'));
  const dear = tooDear(probe, account, ended, step);
  if (dear) return end(deps, probe, account, ended, 'failed', dear);
  if (ended.length === 0) await keepProfile(deps, account.id);
  await submitProbeJob(deps, probe, account, step);
}

const fault = (message: string): ErrorBody => errorBodyOf('bad_provider_response', message);

function whyFailed({ failed, job }: ProbeCourse): string {
  const paid = job && spent(job.attempts) !== 0 ? ' It may have been billed.' : '';
  return `The call '${failed?.step}' told nothing about what the account takes: ${failed?.message ?? 'it was cancelled.'}${paid}`;
}

/** The bill may differ from what was expected: the next call is made only where it fits. */
function tooDear(probe: Probe, account: Account, ended: readonly EndedStep[], step: ProbeStep): ErrorBody | null {
  if (probe.max_cost === null) return null;
  const cost = probeCost(ended.map(({ call }) => call));
  const next = stepCost(account, probe.model, step);
  if (cost !== null && next !== null && cost + next <= probe.max_cost) return null;
  const told = `${cost === null ? 'an unknown amount' : `$${dollars(cost)}`} is spent, and '${step.name}' costs ${next === null ? 'an unknown amount' : `$${dollars(next)}`}`;
  return errorBodyOf('budget_exceeded', `max_cost is $${dollars(probe.max_cost)}: ${told}.`);
}

/** Into the bucket first: Redis forgets that the probe runs only when both know what it found. */
async function end(
  deps: WorkerDeps,
  probe: Probe,
  account: Account | undefined,
  steps: readonly EndedStep[],
  status: Probe['status'],
  error: ErrorBody | null,
): Promise<void> {
  const calls = steps.map(({ call }) => call);
  const ended: Probe = { ...probe, status, error, calls, ended_at: Date.now() };
  const findings = account ? findingsOf(probe, account, steps) : {};
  await keepProfile(deps, probe.account, { probe: ended, findings });
  if (!(await deps.profiles.end(ended, findings))) {
    // Somebody ended it before, and the next may have begun: the record is to say what stands.
    await keepProfile(deps, probe.account);
    return;
  }
  await deps.live.read(probe.account);
  const told = { probe: probe.id, provider: probe.account, model: probe.model, status, calls: calls.length };
  const found = Object.fromEntries(
    Object.entries(findings[probe.model] ?? {}).map(([feature, { verdict, value }]) => [feature, value ?? verdict]),
  );
  deps.log.info(
    { ...told, cost_micros: probeCost(calls), found, ...(error ? { message: error.message } : {}) },
    'probe.ended',
  );
}
