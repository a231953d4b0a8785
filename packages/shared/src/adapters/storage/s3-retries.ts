import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { backoff } from '../../domain/backoff.js';

type RetryStrategy = Exclude<S3ClientConfig['retryStrategy'], undefined>;

/** Of one call to the server. */
export const tries = 4;

/** Between tries: 0.1 to 0.2 s, 0.2 to 0.4 s, 0.4 to 0.8 s. Longer outages are the caller's to wait out. */
export function retryWait(attempt: number): number {
  return backoff(attempt, 200, 5_000, Math.random);
}

/**
 * The SDK's own strategy uses its tries up within 0.1 s, and shares a budget of retries over all calls that an outage
 * empties and hundreds of successes do not refill: the first lost packet afterwards would be a failure. Our callers
 * are few, wait between calls, and need no such brake.
 */
export const retryStrategy: RetryStrategy = {
  acquireInitialRetryToken: () => Promise.resolve(tokenOf(0)),
  refreshRetryTokenForRetry: (token, { errorType }) => {
    const made = token.getRetryCount() + 1;
    // The SDK rethrows its own error, not this one.
    if (errorType === 'CLIENT_ERROR' || made === tries) return Promise.reject(new Error('no more tries'));
    return Promise.resolve(tokenOf(made));
  },
  recordSuccess: () => {},
};

function tokenOf(count: number): { getRetryCount(): number; getRetryDelay(): number } {
  return { getRetryCount: () => count, getRetryDelay: () => (count === 0 ? 0 : retryWait(count - 1)) };
}
