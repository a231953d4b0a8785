import { subjectOf, type Feature, type Finding, type Findings } from './profile.js';
import type { Account } from './accounts.js';
import type { Job, StoredImage } from './job.js';
import type { JobRequest } from './job-request.js';
import { parseSize } from './sizes.js';
import { passedOn } from './parameters.js';
import type { Probe, ProbeCall } from './probe.js';
import { nextStep, type ProbeStep, type StepResult } from './probe-steps.js';
import { spent } from './attempts.js';

/** What the calls of a probe have shown. */

/** One call of a probe that has come to something. */
export interface EndedStep {
  readonly step: ProbeStep;
  readonly job: Job;
  readonly call: ProbeCall;
}

/** Where a probe stands: what has ended, and the call that is made now or next; null: there is nothing left to ask. */
export interface ProbeCourse {
  readonly ended: readonly EndedStep[];
  readonly step: ProbeStep | null;
  /** The job of `step`; null where it is still to be submitted. */
  readonly job: Job | null;
  /** Why the probe cannot go on: a call that tells nothing about what the account takes. */
  readonly failed: ProbeCall | null;
}

/** Follows a probe through its jobs, which are named by it: nothing else needs to be remembered. */
export async function followProbe(
  probe: Probe,
  account: Account,
  jobOf: (step: string) => Promise<Job | null>,
): Promise<ProbeCourse> {
  const ended: EndedStep[] = [];
  const results: StepResult[] = [];
  for (;;) {
    const step = nextStep(account, probe.model, results);
    if (!step) return { ended, step: null, job: null, failed: null };
    const job = await jobOf(step.name);
    if (!job || job.status === 'queued' || job.status === 'in_progress') return { ended, step, job, failed: null };
    const call = callOf(step, job);
    ended.push({ step, job, call });
    const { came_to } = call;
    if (came_to === 'failed') return { ended, step: null, job, failed: call };
    results.push({ name: step.name, came_to });
  }
}

function callOf({ name }: ProbeStep, job: Job): ProbeCall {
  return {
    step: name,
    job: job.id,
    came_to: job.status === 'completed' ? 'accepted' : wasRefused(job) ? 'refused' : 'failed',
    cost: spent(job.attempts),
    message: job.error?.message ?? null,
  };
}

/** It said no to the request, for nothing: not that it is broke, busy or out of order. */
function wasRefused({ status, attempts }: Job): boolean {
  const last = attempts.at(-1)?.settlement;
  if (status !== 'failed' || last?.outcome !== 'rejected') return false;
  const { code } = last.error ?? {};
  return code === 'invalid_request' || code === 'image_not_supported' || code === 'no_provider_for_model';
}

/** What is known by the calls that have ended. */
export function findingsOf(probe: Probe, account: Account, ended: readonly EndedStep[]): Findings {
  const found: Record<string, Finding> = {};
  const note = (feature: Feature, verdict: Finding['verdict'], by: EndedStep, value?: string): void => {
    const refused = verdict === 'refused';
    found[feature] = {
      verdict,
      ...(value === undefined ? {} : { value }),
      message: refused ? (refusalOf(by, feature) ?? by.call.message?.slice(0, 600) ?? null) : null,
      at: by.job.completed_at ?? probe.created_at,
      probe: probe.id,
      job: by.job.id,
      subject: subjectOf(account),
    };
  };
  const accepted = ended.filter(({ call }) => call.came_to === 'accepted');
  const refused = ended.filter(({ call }) => call.came_to === 'refused');
  for (const operation of ['generation', 'edit'] as const) {
    const yes = accepted.find(({ step }) => step.operation === operation);
    const no = refused.findLast(({ step }) => step.operation === operation);
    if (yes) note(operation, 'taken', yes);
    else if (no) note(operation, 'refused', no);
  }
  for (const one of accepted) noteParameters(one, note);
  noteEdits(accepted, refused, note);
  return { [probe.model]: found };
}

type Note = (feature: Feature, verdict: Finding['verdict'], by: EndedStep, value?: string) => void;

/** What it said about just this parameter. */
function refusalOf({ job }: EndedStep, feature: Feature): string | null {
  const attempt = job.attempts.find(({ settlement }) => settlement?.unknown_parameter === feature);
  return attempt?.settlement?.error?.message ?? null;
}

/** By what was left out until it was accepted, and by what the picture shows. */
function noteParameters(by: EndedStep, note: Note): void {
  const { job, step } = by;
  const [image] = job.images;
  const last = job.attempts.findLast(({ settlement }) => settlement?.outcome === 'billed');
  const unknown = new Set(job.attempts.flatMap(({ settlement }) => settlement?.unknown_parameter ?? []));
  for (const name of passedOn) {
    const value = step.request[name];
    // A square is what comes where the size is not heard: it shows nothing.
    if (value === undefined || (name === 'size' && !isOblong(step.request.size))) continue;
    if (unknown.has(name)) note(name, 'refused', by);
    else if (last?.ignored_parameters.includes(name)) continue;
    else note(name, seen(name, step.request, image), by);
  }
  if (unknown.has('n')) note('n', 'refused', by);
  const form = last?.settlement?.answered_as;
  if (form) note('answers', 'taken', by, form);
  if (step.forms.response_format === 'b64_json')
    note('response_format', unknown.has('response_format') ? 'refused' : form === 'bytes' ? 'obeyed' : 'ignored', by);
}

/** What the picture shows of a parameter that was sent. */
function seen(name: string, { size, output_format }: JobRequest, image: StoredImage | undefined): Finding['verdict'] {
  if (image && name === 'size') return `${image.width}x${image.height}` === size ? 'obeyed' : 'ignored';
  if (image && name === 'output_format') return image.content_type === `image/${output_format}` ? 'obeyed' : 'ignored';
  return 'taken';
}

function isOblong(text: string | undefined): boolean {
  const size = text === undefined ? null : parseSize(text);
  return size !== null && size.width !== size.height;
}

function noteEdits(accepted: readonly EndedStep[], refused: readonly EndedStep[], note: Note): void {
  const edits = accepted.filter(({ step }) => step.operation === 'edit');
  const [first] = edits;
  if (first) note('edit_form', 'taken', first, first.step.forms.edit_form);
  // Whether it takes several, or a mask, is told by edits where at least one was taken.
  const noteOne = (feature: Feature, has: (step: ProbeStep) => boolean): void => {
    const yes = edits.find(({ step }) => has(step));
    const no = refused.findLast(({ step }) => step.operation === 'edit' && has(step));
    if (yes) note(feature, 'taken', yes);
    else if (no && first) note(feature, 'refused', no);
  };
  noteOne('several_images', ({ images }) => images === 2);
  noteOne('mask', ({ mask }) => mask);
  noteOne('several_images_with_mask', ({ images, mask }) => images === 2 && mask);
  const several = edits.find(({ step }) => step.images === 2);
  if (several) note('images_field', 'taken', several, several.step.forms.images_field);
}
