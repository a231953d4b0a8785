import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Account } from './accounts.js';
import { mayLeaveOut, parameterNames } from './parameters.js';
import type { ProbeMark } from './job.js';
import { parameterRules, type ParameterRule } from './presets/preset.js';

/**
 * What an account turned out to take, by model: found by a probe, or by a job whose parameter it did not know. The
 * preset is what is expected of every account of its kind; a finding overrides it, and the configuration both.
 */
export const operationFeatures = ['generation', 'edit', 'several_images', 'mask', 'several_images_with_mask'] as const;
/** How it wants to be asked, and answers. */
const formFeatures = ['images_field', 'edit_form', 'answers'] as const;
export const features = [...operationFeatures, ...formFeatures, ...parameterNames] as const;
export type Feature = (typeof features)[number];

export const findingSchema = z.strictObject({
  /**
   * `taken`: it did not object, more cannot be seen. `obeyed`: the picture shows it. `ignored`: the picture shows the
   * contrary. `refused`: it said no, for nothing.
   */
  verdict: z.enum(['taken', 'obeyed', 'ignored', 'refused']),
  /** Of a form: which. */
  value: z.string().max(64).optional(),
  /** What it said, where it refused. */
  message: z.string().max(600).nullable(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** Id of the probe; null where a job of its own found it. */
  probe: z.string().nullable(),
  job: z.string(),
  /** Of what it is true: see {@link subjectOf}. */
  subject: z.string(),
});
export type Finding = z.output<typeof findingSchema>;
/** By model, then by feature. */
export type Findings = Readonly<Record<string, Readonly<Record<string, Finding>>>>;

/** Relays change by the week, and a finding that is wrong turns work away: after a month it is asked for again. */
export const findingMs = 30 * 86_400_000;

/** What a finding is true of: this key at this address, by this preset and these names of models. */
export function subjectOf({ preset, baseUrl, apiKey, models }: Account): string {
  const told = JSON.stringify([preset.id, baseUrl, apiKey, models]);
  return createHash('sha256').update(told).digest('hex').slice(0, 16);
}

/** Why a finding is not used any more, or null. */
export function staleBecause({ subject, at }: Pick<Finding, 'subject' | 'at'>, account: Account, now: number) {
  if (subject !== subjectOf(account)) return 'reconfigured' as const;
  return now - at >= findingMs ? ('age' as const) : null;
}

/** Those of an account's findings that are used. */
export function usable(findings: Findings, account: Account, now: number): Findings {
  return Object.fromEntries(
    Object.entries(findings).map(([model, row]) => [
      model,
      Object.fromEntries(Object.entries(row).filter(([, finding]) => staleBecause(finding, account, now) === null)),
    ]),
  );
}

/** What is known beyond the preset of whether an account takes something; null: nothing. */
export interface Standing {
  readonly takes: boolean;
  /** For people: who says so, and when it was found. */
  readonly source: string;
}

export function standingOf(account: Account, model: string, feature: Feature): Standing | null {
  const configured = account.accepts[feature];
  if (configured !== undefined) return { takes: configured, source: 'by its configuration' };
  const finding = account.findings[model]?.[feature];
  if (!finding) return null;
  const takes = finding.verdict === 'taken' || finding.verdict === 'obeyed';
  // What a provider said to a job is its project's.
  const said = finding.message === null || finding.probe === null ? '' : `: ${finding.message}`;
  const by = finding.probe === null ? `job ${finding.job}` : `probe ${finding.probe}`;
  const verb = finding.verdict === 'ignored' ? 'seen to be ignored' : 'found';
  return { takes, source: `${verb} by ${by} on ${new Date(finding.at).toISOString().slice(0, 10)}${said}` };
}

/** What becomes of a parameter with this value on its way to an account. */
export function ruleOf(account: Account, model: string, name: Feature, value: unknown): ParameterRule | undefined {
  const rule = parameterRules(account.preset, model)[name];
  const standing = standingOf(account, model, name);
  if (standing === null) return rule;
  if (standing.takes) return typeof rule === 'string' ? undefined : rule;
  return mayLeaveOut(name, value) ? 'ignore' : 'refuse';
}

/** The forms in which an account is asked. */
export interface Forms {
  readonly imagesField: 'image[]' | 'image';
  readonly editForm: 'multipart' | 'json';
  /** `response_format` as it is sent; undefined: not sent. */
  readonly responseFormat: 'b64_json' | undefined;
}

/** By what was found, else by the preset. `theirs`: the provider's own name of the model. */
export function formsOf(account: Account, model: string, theirs: string): Forms {
  const { preset } = account;
  const found = account.findings[model];
  const field = found?.['images_field']?.value;
  const form = found?.['edit_form']?.value;
  const format = standingOf(account, model, 'response_format');
  return {
    imagesField: field === 'image' || field === 'image[]' ? field : preset.imagesField,
    editForm: form === 'json' || form === 'multipart' ? form : preset.editForm,
    responseFormat: format === null ? preset.responseFormat(theirs) : format.takes ? 'b64_json' : undefined,
  };
}

/** An account as a call of a probe meets it: by the preset, in the forms that are tried, whatever was found before. */
export function asProbed(account: Account, mark: ProbeMark): Account {
  const { preset } = account;
  const { response_format } = mark;
  return {
    ...account,
    findings: {},
    preset: {
      ...preset,
      imagesField: mark.images_field ?? preset.imagesField,
      editForm: mark.edit_form ?? preset.editForm,
      responseFormat: response_format === undefined ? preset.responseFormat : () => response_format ?? undefined,
    },
  };
}
