import { paidAttempts, spent, type Attempt } from './attempts.js';
import type { Job, StoredImage } from './job.js';
import type { JobInput } from './job-request.js';
import { dollars } from './prices.js';

/** A job as its owner sees it: the contract's job object, in answers and in `job.json`. Times in unix seconds. */

export interface ImageLink {
  readonly url: string;
  readonly url_expires_at: number;
  /** What is made of the picture on demand. */
  readonly variants: readonly {
    readonly name: string;
    readonly key: string;
    readonly url: string;
    readonly content_type: string;
    readonly width: number;
    readonly height: number;
    readonly bytes: null;
    readonly sha256: null;
  }[];
}

export interface JobLinks {
  readonly image: (image: StoredImage) => ImageLink;
  /** To a picture that went in, by its place, or the mask. */
  readonly input: (name: number | 'mask') => string;
}

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / 1_000));

/** `links` makes signed links to its pictures; without it the object has none, as in the bucket. */
export function presentJob(job: Job, links?: JobLinks) {
  const { prompt, ...parameters } = job.request;
  return {
    id: job.id,
    object: 'job',
    type: job.type,
    status: job.status,
    model: job.model,
    batch_id: job.batch_id,
    line: job.line?.number ?? null,
    custom_id: job.custom_id,
    metadata: job.metadata,
    priority: job.priority,
    generation: job.generation,
    created_at: seconds(job.created_at),
    started_at: seconds(job.started_at),
    completed_at: seconds(job.completed_at),
    deadline: job.deadline,
    ...(job.cancel_requested && job.status === 'in_progress' ? { cancel_requested: true } : {}),
    request: {
      prompt,
      ...parameters,
      ...(job.inputs.length > 0 ? { images: job.inputs.map((input, i) => presentInput(input, i, links)) } : {}),
      ...(job.mask ? { mask: presentInput(job.mask, 'mask', links) } : {}),
    },
    images: job.images.map((image) => ({ ...image, variants: [], ...links?.image(image) })),
    usage: job.usage,
    cost: {
      currency: 'USD',
      estimated: dollars(job.estimate),
      actual: dollars(spent(job.attempts)),
      basis: job.attempts.findLast(({ settlement }) => settlement?.cost_basis)?.settlement?.cost_basis ?? null,
    },
    provider: job.attempts.at(-1)?.provider ?? job.provider,
    ...(job.probe ? { probe: { id: job.probe.id, step: job.probe.step } } : {}),
    paid_attempts: paidAttempts(job.attempts),
    attempts: job.attempts.map(presentAttempt),
    error: job.status === 'queued' || job.status === 'in_progress' ? null : job.error,
  };
}

export type PresentedJob = ReturnType<typeof presentJob>;

function presentAttempt(attempt: Attempt) {
  const { settlement } = attempt;
  return {
    number: attempt.number,
    generation: attempt.generation,
    provider: attempt.provider,
    started_at: seconds(attempt.started_at),
    ended_at: seconds(settlement?.ended_at ?? null),
    outcome: settlement?.outcome ?? null,
    http_status: settlement?.http_status ?? null,
    request_id: settlement?.request_id ?? null,
    error: settlement?.error ?? null,
    cost: dollars(settlement?.cost ?? null),
    ...(attempt.ignored_parameters.length > 0 ? { ignored_parameters: attempt.ignored_parameters } : {}),
  };
}

/** No bytes, and no query of a URL: it may be a signature. */
function presentInput(input: JobInput, name: number | 'mask', links: JobLinks | undefined) {
  const { url, ...facts } = input;
  const stored = links && input.key !== null ? { stored_url: links.input(name) } : {};
  return { url: url === null ? null : (url.split(/[?#]/)[0] ?? null), ...facts, ...stored };
}
