/** Of the public API's objects, what is shown here (/openapi.json has all of them). Times in unix seconds, money in USD. */

export interface List<T> {
  readonly data: readonly T[];
  readonly last_id: string | null;
  readonly has_more: boolean;
}

export type BatchStatus =
  'validating' | 'failed' | 'in_progress' | 'finalizing' | 'completed' | 'expired' | 'cancelling' | 'cancelled';

export interface Batch {
  readonly id: string;
  readonly status: BatchStatus;
  readonly model: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly created_at: number;
  readonly generation: number;
  readonly max_cost: number | null;
  readonly request_counts: {
    readonly total: number;
    readonly completed: number;
    readonly failed: number;
    readonly cancelled: number;
  };
  readonly errors: {
    readonly data: readonly { readonly code: string; readonly message: string; readonly line: number | null }[];
  } | null;
  readonly cost: {
    readonly estimated: number | null;
    readonly actual: number | null;
    readonly possibly_billed_twice: { readonly attempts: number; readonly cost: number | null };
  };
  readonly paused_at: number | null;
  readonly progress: number;
  readonly eta_seconds: number | null;
  readonly bound_by: string | null;
}

export type JobStatus = 'queued' | 'in_progress' | 'completed' | 'failed' | 'cancelled' | 'expired';

export interface JobError {
  readonly code: string;
  readonly message: string;
}

export interface JobImage {
  readonly index: number;
  readonly url: string;
  readonly content_type: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly url_expires_at: number;
  readonly revised_prompt: string | null;
  readonly variants: readonly { readonly name: string; readonly url: string }[];
}

export interface Attempt {
  readonly number: number;
  readonly provider: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly outcome: 'not_sent' | 'rejected' | 'billed' | 'unknown' | null;
  readonly http_status: number | null;
  readonly request_id: string | null;
  readonly error: JobError | null;
  readonly cost: number | null;
}

export interface Job {
  readonly id: string;
  readonly type: string | null;
  readonly status: JobStatus;
  readonly model: string | null;
  readonly batch_id: string | null;
  readonly line?: number | null;
  readonly custom_id: string | null;
  readonly generation: number;
  readonly created_at: number;
  readonly completed_at: number | null;
  readonly request: Readonly<Record<string, unknown>> | null;
  readonly images: readonly JobImage[];
  readonly cost: { readonly estimated: number | null; readonly actual: number | null };
  readonly provider: string | null;
  readonly attempts: readonly Attempt[];
  readonly error: JobError | null;
}

export interface Limits {
  readonly concurrency: number;
  readonly requests_per_minute: number | null;
  readonly requests_per_day: number | null;
  readonly images_per_minute: number | null;
  readonly images_per_month: number | null;
}

interface Spend {
  readonly cost: number | null;
  readonly unpriced: number;
}

export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly base_url_host: string | null;
  readonly models: 'any' | readonly string[];
  readonly limits: Limits;
  readonly configured_limits: Limits;
  readonly in_use: {
    readonly calls: number;
    readonly requests_last_minute: number | null;
    readonly requests_today: number | null;
    readonly images_last_minute: number | null;
    readonly images_this_month: number | null;
  };
  readonly cooldown_seconds: number | null;
  readonly parked: { readonly reason: string; readonly since: number; readonly until: number } | null;
  readonly waiting_jobs: number;
  readonly circuit: 'closed' | 'open' | 'half_open';
  readonly spend_today: { readonly billed: Spend; readonly unknown: Spend };
  readonly last_error: (JobError & { readonly at: number }) | null;
}

export interface PreviewLine {
  readonly line: number;
  readonly custom_id: string | null;
  readonly type: string | null;
  readonly model: string | null;
  readonly request: (Readonly<Record<string, unknown>> & { readonly images?: readonly string[] }) | null;
  readonly cost: { readonly min: number; readonly max: number } | null;
  readonly error: JobError | null;
}

export interface Preview {
  readonly data: readonly PreviewLine[];
  readonly has_more: boolean;
}

export interface Estimate {
  readonly lines: number;
  readonly images: number;
  readonly cost: { readonly min: number; readonly max: number };
  readonly invalid_lines: {
    readonly count: number;
    /** 20 at most. */
    readonly first: readonly { readonly line: number; readonly custom_id: string; readonly error: JobError }[];
  };
  readonly seconds: number | null;
  readonly sample: { readonly lines: number; readonly share: number } | null;
}

export interface FailureGroup {
  readonly code: string;
  readonly message: string | null;
  readonly count: number;
  readonly lines: readonly { readonly line: number; readonly job_id: string; readonly custom_id: string | null }[];
}

export type Scope = 'jobs:write' | 'jobs:read' | 'batches' | 'files' | 'webhooks' | 'usage' | 'admin' | 'operator';
export type Mode = 'live' | 'test';

export interface ApiKey {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly mode: Mode;
  readonly scopes: readonly Scope[];
  readonly key_hint: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly ip_ranges: readonly string[];
  readonly spend_limit: number | null;
  readonly spent: number;
  readonly requests_per_minute: number | null;
  readonly previous_key_expires_at: number | null;
}

export interface Endpoint {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly event_types: readonly string[];
  readonly max_per_minute: number | null;
  readonly enabled: boolean;
  readonly disabled_reason: 'gone' | 'failing' | 'asked' | null;
  readonly failing_since: number | null;
  readonly created_at: number;
  readonly signing_secret_hint: string;
}

export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

export interface Delivery {
  readonly id: string;
  readonly webhook_endpoint_id: string | null;
  readonly event_id: string;
  readonly event_type: string | null;
  readonly url: string;
  readonly status: DeliveryStatus;
  readonly created_at: number;
  readonly next_attempt_at: number | null;
  readonly attempts: readonly {
    readonly at: number;
    readonly url: string;
    readonly http_status: number | null;
    readonly duration_ms: number;
    readonly error: string | null;
    readonly response_body: string | null;
  }[];
}

export interface UsageFigures {
  readonly requests: number;
  readonly images: number;
  readonly success_rate: number | null;
  readonly response_seconds: { readonly p50: number | null };
  readonly cost: {
    readonly total: number | null;
    readonly mean_per_image: number | null;
    readonly unpriced: number;
  };
  readonly unknown: { readonly requests: number; readonly cost: number | null };
}

export interface UsageReport {
  readonly start_time: number;
  readonly end_time: number;
  readonly data: readonly (UsageFigures & {
    readonly day: string | null;
    readonly model: string | null;
    readonly provider: string | null;
  })[];
  readonly total: UsageFigures;
}
