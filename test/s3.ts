import { randomBytes } from 'node:crypto';

/** The S3 server of this run, or null where there is none: then what needs it is reported as not run, loudly. */
export interface S3Server {
  readonly endpoint: string;
  readonly env: Record<string, string>;
  /** A place of its own for each caller. */
  readonly storageUrl: () => string;
}

export function s3Server(): S3Server | null {
  const endpoint = process.env['S3_TEST_ENDPOINT'];
  if (endpoint === undefined) {
    process.stderr.write('S3 PART NOT RUN: `npm test` starts a server; or set S3_TEST_ENDPOINT and its keys\n');
    return null;
  }
  const credentials = {
    AWS_ACCESS_KEY_ID: process.env['S3_TEST_ACCESS_KEY'] ?? '',
    AWS_SECRET_ACCESS_KEY: process.env['S3_TEST_SECRET_KEY'] ?? '',
  };
  // The SDK's own chain reads them here, for what runs in this process.
  Object.assign(process.env, credentials);
  return {
    endpoint,
    env: { S3_ENDPOINT: endpoint, ...credentials },
    storageUrl: () => `s3://rm-test-${randomBytes(6).toString('hex')}/some/prefix`,
  };
}
