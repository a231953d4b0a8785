import type { Account } from '@rendermill/shared/domain/accounts';
import { probeJobId } from '@rendermill/shared/domain/ids';
import { dollars } from '@rendermill/shared/domain/prices';
import { staleBecause, type Findings } from '@rendermill/shared/domain/profile';
import { probeCost, type Probe } from '@rendermill/shared/domain/probe';
import { followProbe } from '@rendermill/shared/domain/probe-findings';
import type { ApiDeps } from '../deps.js';
import type { PlannedProbe } from '../use-cases/plan-probe.js';

/** Probes and what they found, as they are shown. */

const seconds = (ms: number): number => Math.floor(ms / 1_000);

export function presentQuote({ account, model, plan }: PlannedProbe) {
  const max = dollars(plan.most);
  return {
    object: 'probe_quote',
    provider: account.id,
    model,
    currency: 'USD',
    cost: { expected: dollars(plan.expected), max },
    excludes: plan.excludes,
    calls: plan.steps.map(({ step, cost, excludes, certain }) => ({
      step: step.name,
      asks: step.asks,
      cost: dollars(cost),
      excludes,
      certain,
    })),
    consent: { model, spend: true, max_cost: max },
  };
}

/** One that runs is told by its jobs, as far as they are. */
export async function presentProbe(deps: ApiDeps, account: Account, probe: Probe) {
  const { id, model, status, error } = probe;
  const calls = status === 'running' ? await callsSoFar(deps, account, probe) : probe.calls;
  return {
    object: 'probe',
    id,
    provider: account.id,
    model,
    status,
    created_at: seconds(probe.created_at),
    ended_at: probe.ended_at === null ? null : seconds(probe.ended_at),
    max_cost: dollars(probe.max_cost),
    cost: dollars(probeCost(calls.filter(({ came_to }) => came_to !== 'running') as Probe['calls'])),
    calls: calls.map((call) => ({ ...call, cost: dollars(call.cost) })),
    error,
  };
}

type ShownCall = Omit<Probe['calls'][number], 'came_to'> & { came_to: Probe['calls'][number]['came_to'] | 'running' };

async function callsSoFar(deps: ApiDeps, account: Account, probe: Probe): Promise<readonly ShownCall[]> {
  const jobOf = async (step: string) => deps.jobs.get(probe.project, probeJobId(probe.id, step));
  const { ended, step, job } = await followProbe(probe, account, jobOf);
  const running =
    step && job ? [{ step: step.name, job: job.id, came_to: 'running' as const, cost: null, message: null }] : [];
  return [...ended.map(({ call }) => call), ...running];
}

export function presentFindings(findings: Findings, account: Account, now: number) {
  return Object.entries(findings).map(([model, row]) => ({
    model,
    findings: Object.entries(row).map(([feature, finding]) => {
      const { verdict, value, message, at, probe, job } = finding;
      return {
        feature,
        verdict,
        ...(value === undefined ? {} : { value }),
        message,
        found_at: seconds(at),
        probe,
        job,
        stale: staleBecause(finding, account, now),
      };
    }),
  }));
}
