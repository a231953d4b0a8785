import type { Account } from '@rendermill/shared/domain/accounts';
import type { AttemptSettlement } from '@rendermill/shared/domain/attempts';
import type { Job } from '@rendermill/shared/domain/job';
import { mayLeaveOut, type ParameterName } from '@rendermill/shared/domain/parameters';
import { subjectOf, type Feature, type Finding } from '@rendermill/shared/domain/profile';
import { unknownParameter } from '@rendermill/shared/domain/unknown-parameter';
import type { FailedAnswer, Verdict } from '@rendermill/shared/domain/verdicts';
import type { WorkerDeps } from '../deps.js';
import { keepProfile } from './keep-profile.js';
import type { ProviderRequest } from '../providers/build-request.js';

/** What an account says that it does not know, and what becomes of the call. */
export interface Unknown {
  /** Our name. */
  readonly parameter: ParameterName | 'mask';
  /** `again`: without it, here. `elsewhere`: without it it would be another picture. */
  readonly next: 'again' | 'elsewhere';
}

/** Null where the refusal is about anything else, or names what was never sent: that is not asked again. */
export function unknownToAccount(
  job: Pick<Job, 'request' | 'mask' | 'probe'>,
  request: ProviderRequest,
  images: number,
  answer: FailedAnswer,
  verdict: Verdict,
): Unknown | null {
  if (verdict.outcome !== 'rejected' || verdict.code !== 'invalid_request') return null;
  const theirs = unknownParameter(answer);
  if (theirs === null) return null;
  if (theirs === 'mask' && job.mask) return { parameter: 'mask', next: 'elsewhere' };
  const parameter = Object.hasOwn(request.names, theirs) ? request.names[theirs] : undefined;
  if (parameter === undefined) return null;
  return { parameter, next: canGo(job, parameter, images) ? 'again' : 'elsewhere' };
}

/** A probe may leave out what it likes, but not what its price hangs on. */
function canGo({ probe, request }: Pick<Job, 'probe' | 'request'>, parameter: ParameterName, images: number): boolean {
  if (probe) return parameter !== 'quality' && parameter !== 'size';
  const value = parameter === 'n' ? images : parameter === 'response_format' ? 'b64_json' : request[parameter];
  return mayLeaveOut(parameter, value);
}

/** The next call does not send it, whichever worker makes it. A probe tells what it found at its end. */
export function learnUnknown(
  deps: WorkerDeps,
  job: Job,
  account: Account,
  feature: Feature,
  { error, ended_at }: AttemptSettlement,
): void {
  deps.log.warn({ job: job.id, provider: account.id, model: job.model, parameter: feature }, 'parameter.unknown');
  if (job.probe) return;
  const finding: Finding = {
    verdict: 'refused',
    message: error?.message ?? null,
    at: ended_at,
    probe: null,
    job: job.id,
    subject: subjectOf(account),
  };
  // The job remembers by its own attempts: that others are told can wait, and fail.
  deps.background.start(async () => {
    await deps.profiles.learn(account.id, { [job.model]: { [feature]: finding } });
    await deps.live.read(account.id);
    await keepProfile(deps, account.id);
  });
}
