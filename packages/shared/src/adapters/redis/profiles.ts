import { findingSchema, type Finding, type Findings } from '../../domain/profile.js';
import { probeSchema, type Probe } from '../../domain/probe.js';
import { idempotencyTtlMs, type Repeat } from './job-store.js';
import type { ScriptRunner } from './scripts.js';

/** What was found out about the accounts, and the latest probe of each: working set of the records in the bucket. */

/** How long a finding and a probe are shown after they were last added to; used are they for less: see `domain/profile.ts`. */
const keptMs = 180 * 86_400_000;

export interface Profile {
  readonly findings: Findings;
  readonly probe: Probe | null;
}

/** By account, model and feature, flat: how scripts take them. */
function flat(findings: Findings): string[] {
  return Object.entries(findings).flatMap(([model, row]) =>
    Object.entries(row).flatMap(([feature, finding]) => [`${feature}|${model}`, JSON.stringify(finding)]),
  );
}

function deep(fields: Readonly<Record<string, string>>): Findings {
  // Without a prototype: a model may be called as callers like.
  const findings = Object.create(null) as Record<string, Record<string, Finding>>;
  for (const [place, text] of Object.entries(fields)) {
    const feature = place.split('|', 1)[0] ?? '';
    // A release that knows more features may have written it.
    const finding = findingSchema.safeParse(JSON.parse(text));
    if (finding.success) (findings[place.slice(feature.length + 1)] ??= {})[feature] = finding.data;
  }
  return findings;
}

/** Null too where another release wrote it in a form that this one does not know. */
function readProbe(text: string): Probe | null {
  return probeSchema.safeParse(JSON.parse(text)).data ?? null;
}

export class Profiles {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  async read(account: string): Promise<Profile> {
    const { client } = this.#scripts;
    const [fields, probe] = await Promise.all([
      client.hgetall(this.#scripts.key('account', account, 'profile')),
      client.get(this.#scripts.key('account', account, 'probe')),
    ]);
    return { findings: deep(fields), probe: probe === null ? null : readProbe(probe) };
  }

  async learn(account: string, findings: Findings): Promise<void> {
    await this.#scripts.run('learn-findings', account, keptMs, ...flat(findings));
  }

  /** Accounts whose probe runs. */
  async running(): Promise<string[]> {
    return this.#scripts.client.smembers(this.#scripts.key('probes'));
  }

  /** Begins a probe. `running`: there is another, which is answered; `existing`: this Idempotency-Key began one. */
  async begin(
    probe: Probe,
    repeat: Pick<Repeat, 'key' | 'fingerprint'>,
  ): Promise<'begun' | 'running' | 'existing' | 'conflict'> {
    const { account, id } = probe;
    const { key, fingerprint } = repeat;
    const told = [account, id, JSON.stringify(probe), key, fingerprint, idempotencyTtlMs, keptMs];
    const [how] = (await this.#scripts.run('begin-probe', ...told)) as ['begun' | 'running' | 'existing' | 'conflict'];
    return how;
  }

  /** Ends a probe with what it found, which replaces what was known where it asked for all; false where it is over already. */
  async end(probe: Probe, findings: Findings): Promise<boolean> {
    const { account, id, status, model } = probe;
    const told = [account, id, JSON.stringify(probe), keptMs, status === 'completed' ? model : ''];
    return (await this.#scripts.run('end-probe', ...told, ...flat(findings))) === 1;
  }

  /** Brings back what the bucket remembers of an account of which nothing is known here; false where something is. */
  async restore(account: string, { findings, probe }: Profile): Promise<boolean> {
    const text = probe === null ? '' : JSON.stringify(probe);
    return (await this.#scripts.run('restore-profile', account, text, keptMs, ...flat(findings))) === 1;
  }
}
