import type { Profile } from '@rendermill/shared/adapters/redis/profiles';
import { profileKey } from '@rendermill/shared/domain/object-keys';
import type { Findings } from '@rendermill/shared/domain/profile';
import { profileRecord, type ProfileRecord } from '@rendermill/shared/domain/probe';
import { errorBodyOf } from '@rendermill/shared/domain/errors';
import type { WorkerDeps } from '../deps.js';
import { keepStoring } from './keep-storing.js';
import { readText } from './read-text.js';

/** Writes what is known now, with what is about to be known. */
export async function keepProfile(deps: WorkerDeps, account: string, coming: Partial<Profile> = {}): Promise<void> {
  const known = await deps.profiles.read(account);
  // One that was asked for all replaces what was known of its model.
  const { [coming.probe?.status === 'completed' ? coming.probe.model : '']: _replaced, ...kept } = known.findings;
  const findings = merge(kept, coming.findings ?? {});
  const probe = coming.probe ?? known.probe;
  const record: ProfileRecord = { object: 'provider_profile', account, findings, probe };
  const body = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
  await keepStoring(deps, profileKey(account), async () =>
    deps.storage.put(profileKey(account), body, 'application/json'),
  );
}

function merge(known: Findings, coming: Findings): Findings {
  const models = new Set([...Object.keys(known), ...Object.keys(coming)]);
  return Object.fromEntries([...models].map((model) => [model, { ...known[model], ...coming[model] }]));
}

/** Accounts whose record was looked for: once by each process, and again when what was known is gone. */
const lookedFor = new WeakMap<WorkerDeps, Set<string>>();

/** Hears of what was found elsewhere, and brings back from the bucket what Redis has lost. */
export async function restoreProfiles(deps: WorkerDeps): Promise<void> {
  const looked = lookedFor.get(deps) ?? new Set();
  lookedFor.set(deps, looked);
  for (const account of await deps.live.refresh()) looked.delete(account);
  for (const account of deps.accounts.keys()) {
    if (looked.has(account)) continue;
    await restoreProfile(deps, account);
    looked.add(account);
  }
}

async function restoreProfile(deps: WorkerDeps, account: string): Promise<void> {
  const text = await readText(deps.storage, profileKey(account));
  if (text === null) return;
  const { probe, findings } = profileRecord.parse(JSON.parse(text));
  // Its jobs are as lost as it was: what they bought lies in the bucket, and stands in the workers' journals.
  const error = errorBodyOf('worker_crash', 'Redis lost this probe while it ran. Probe the account again.');
  const ended =
    probe?.status === 'running' ? { ...probe, status: 'interrupted' as const, ended_at: Date.now(), error } : probe;
  if (!(await deps.profiles.restore(account, { findings, probe: ended }))) return;
  await deps.live.read(account);
  deps.log.warn({ provider: account, probe: ended?.id, probe_status: ended?.status }, 'profile.restored');
}
