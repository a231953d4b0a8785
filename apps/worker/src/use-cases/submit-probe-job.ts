import type { Account } from '@rendermill/shared/domain/accounts';
import { probeJobId, sha256 } from '@rendermill/shared/domain/ids';
import type { JobSpec } from '@rendermill/shared/domain/job';
import { probeMs, type Probe } from '@rendermill/shared/domain/probe';
import { stepCost } from '@rendermill/shared/domain/probe-plan';
import type { ProbeStep } from '@rendermill/shared/domain/probe-steps';
import { route } from '@rendermill/shared/domain/routing-class';
import type { WorkerDeps } from '../deps.js';

/** Submits a call of a probe as the job that it is. Again and again with the same outcome: its id follows from the probe. */
export async function submitProbeJob(deps: WorkerDeps, probe: Probe, account: Account, step: ProbeStep): Promise<void> {
  const { operation, request, forms } = step;
  const { model, mode, project, key_id, request_id, created_at } = probe;
  const inputs = probe.inputs?.images.slice(0, step.images) ?? [];
  const mask = step.mask ? (probe.inputs?.mask ?? null) : null;
  const mark = { id: probe.id, step: step.name, ...forms };
  const routed = { model, type: operation, mode, provider: account.id, request, inputs, mask, probe: mark };
  const { routing } = route([account], routed, deps.prefer);
  const spec: JobSpec = {
    id: probeJobId(probe.id, step.name),
    project,
    key_id,
    mode,
    type: operation,
    model,
    batch_id: null,
    custom_id: null,
    metadata: {},
    priority: 'normal',
    provider: account.id,
    request,
    request_hash: sha256(JSON.stringify([probe.id, step.name, model, request, inputs.map((input) => input.sha256)])),
    webhook_url: null,
    // An answer that was lost is not bought again: the probe says so and ends.
    on_unknown_outcome: 'fail',
    deadline: Math.floor((created_at + probeMs) / 1_000),
    created_at: Date.now(),
    estimate: stepCost(account, model, step),
    request_id,
    probe: mark,
  };
  const noRepeat = { key: '', fingerprint: '', claim: '', holder: '' };
  await deps.jobs.submit({ spec, routing, stage: 'ready', inputs, mask }, noRepeat);
  // The feeder derives the entry: the job is due in a moment.
  await deps.feed.makeDue(spec.id);
  deps.log.info({ probe: probe.id, provider: account.id, step: step.name, job: spec.id }, 'probe.asked');
}
