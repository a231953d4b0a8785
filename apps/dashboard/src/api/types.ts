import type {
  AnswerOf,
  ApiKey,
  Batch,
  BatchPreview,
  Estimate as AnyEstimate,
  Job,
  Provider,
  WebhookDelivery,
} from '@rendermill/client';

/** The public API's objects, as its client's types say; nothing but types comes from there. Times in unix seconds, money in USD. */

export type {
  ApiKey,
  Batch,
  Job,
  Provider,
  WebhookDelivery as Delivery,
  WebhookEndpoint as Endpoint,
} from '@rendermill/client';

/** A list, or a page of one. */
export interface List<T> {
  readonly data: readonly T[];
  readonly last_id: string | null;
  readonly has_more: boolean;
}

export type BatchStatus = Batch['status'];
/** What keeps a batch from going faster. */
export type Bound = NonNullable<Batch['bound_by']>;

export type JobStatus = Job['status'];
export type JobImage = Job['images'][number];
export type Attempt = Job['attempts'][number];

/** What is counted against something in use; a burst is not. */
export type Limits = Omit<Provider['limits'], 'burst'>;

export type Preview = BatchPreview;
export type PreviewLine = Preview['data'][number];
/** Of a batch, not of a single job. */
export type Estimate = Extract<AnyEstimate, { lines: number }>;

export type FailureGroup = AnswerOf<'/v1/batches/{id}/failures', 'get'>['data'][number];

/** The key that the page uses. */
export type CurrentKey = AnswerOf<'/v1/api_keys/current', 'get'>;

export type Scope = ApiKey['scopes'][number];
export type Mode = ApiKey['mode'];

export type DeliveryStatus = WebhookDelivery['status'];

/** Sums, not the list of attempts that the same route has. */
export type UsageReport = Extract<AnswerOf<'/v1/usage', 'get'>, { object: 'usage' }>;
export type UsageFigures = UsageReport['total'];
