import { randomBytes } from 'node:crypto';
import type { S3Options } from '../adapters/storage/s3-client.js';

/**
 * The S3 server of the tests, from S3_TEST_ENDPOINT, S3_TEST_ACCESS_KEY and S3_TEST_SECRET_KEY, with a bucket name
 * that nobody else uses; null where there is no server. Skipping is said aloud: a run without S3 proves less.
 */
export function s3TestServer(): (S3Options & { readonly endpoint: string }) | null {
  // oxlint-disable-next-line node/no-process-env -- what a test needs is no part of the configuration
  const { S3_TEST_ENDPOINT, S3_TEST_ACCESS_KEY, S3_TEST_SECRET_KEY } = process.env;
  if (!S3_TEST_ENDPOINT || !S3_TEST_ACCESS_KEY || !S3_TEST_SECRET_KEY) {
    process.stderr.write('S3 PART NOT RUN: start infra/test/ceph-rgw.sh and set the S3_TEST_ variables it prints\n');
    return null;
  }
  return {
    bucket: `rm-test-${randomBytes(6).toString('hex')}`,
    prefix: '',
    endpoint: S3_TEST_ENDPOINT,
    region: 'us-east-1',
    checksums: 'WHEN_REQUIRED',
    credentials: { accessKeyId: S3_TEST_ACCESS_KEY, secretAccessKey: S3_TEST_SECRET_KEY },
  };
}
