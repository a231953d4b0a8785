import { probeImages } from '@rendermill/shared/adapters/images/probe-images';
import type { Repeat } from '@rendermill/shared/adapters/redis/job-store';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { newId } from '@rendermill/shared/domain/ids';
import type { JobInput } from '@rendermill/shared/domain/job-request';
import { probeInputKey } from '@rendermill/shared/domain/object-keys';
import { subjectOf } from '@rendermill/shared/domain/profile';
import type { Probe } from '@rendermill/shared/domain/probe';
import type { ApiDeps, Caller } from '../deps.js';
import type { PlannedProbe } from './plan-probe.js';

/**
 * Begins a probe: its pictures into the store, then the probe in one script with the recognition of repeats. The workers
 * make its calls, as jobs: each is written before it is made, and none is made from here.
 */
export async function startProbe(
  deps: ApiDeps,
  { caller, requestId, planned, maxCost, repeat }: StartProbe,
): Promise<Probe> {
  const { account, model, plan } = planned;
  const id = newId('prb');
  const inputs = plan.steps.some(({ step }) => step.images > 0) ? await storeImages(deps, account.id, id) : null;
  const probe: Probe = {
    id,
    account: account.id,
    subject: subjectOf(account),
    project: caller.project,
    key_id: caller.keyId,
    mode: caller.mode,
    model,
    status: 'running',
    created_at: Date.now(),
    ended_at: null,
    max_cost: maxCost,
    inputs,
    calls: [],
    error: null,
    request_id: requestId,
  };
  const how = await deps.profiles.begin(probe, repeat);
  if (how === 'begun') return probe;
  await dropImages(deps, inputs);
  if (how === 'conflict')
    throw new RendermillError('idempotency_key_reused', 'This Idempotency-Key was used with another request.');
  const present = (await deps.profiles.read(account.id)).probe;
  if (present && (how === 'existing' || present.model === model)) return present;
  const message = `A probe of '${present?.model}' runs at this account: wait for its end, GET /v1/providers/${account.id} shows it.`;
  throw new RendermillError('probe_in_progress', message, { retryAfterMs: 10_000 });
}

export interface StartProbe {
  readonly caller: Caller;
  readonly requestId: string;
  readonly planned: PlannedProbe;
  /** Micro-dollars; null: its user takes an unknown price. */
  readonly maxCost: number | null;
  readonly repeat: Repeat;
}

async function storeImages(deps: ApiDeps, account: string, probe: string): Promise<NonNullable<Probe['inputs']>> {
  const { images, mask } = await probeImages();
  const keep = async (image: typeof mask, name: number | 'mask'): Promise<JobInput> => {
    const key = probeInputKey(account, probe, name);
    await deps.storage.put(key, image.body, 'image/png');
    return { ...image.facts, key };
  };
  return { images: await Promise.all(images.map(keep)), mask: await keep(mask, 'mask') };
}

/** A repeat that was recognised: what it stored is of no use. */
async function dropImages(deps: ApiDeps, inputs: Probe['inputs']): Promise<void> {
  for (const { key } of inputs ? [...inputs.images, inputs.mask] : []) {
    if (key === null) continue;
    try {
      await deps.storage.delete(key);
    } catch (error) {
      deps.log.warn({ error, key }, 'input.not_deleted');
    }
  }
}
