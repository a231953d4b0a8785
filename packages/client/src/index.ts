/** The client of Rendermill's API. See README.md. */
export { Rendermill, type RendermillOptions, type WaitForBatchOptions, type WaitOptions } from './rendermill.js';
export { isEnded, type BatchEvent } from './batch-events.js';
export type { JobEvent } from './job-events.js';
export type { FollowOptions } from './follow.js';
export type { CallOptions } from './caller.js';
export { ConnectionError, RendermillError, WebhookVerificationError } from './errors.js';
export { signWebhook, verifyWebhook, type VerifyOptions } from './webhooks.js';
export type { Upload } from './uploads.js';
export type * from './types.js';
export type { components, operations, paths } from './api.js';
export { chunksOf } from './streams.js';
export { itemsOf } from './pages.js';
