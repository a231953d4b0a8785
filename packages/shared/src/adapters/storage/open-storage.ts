import { fileURLToPath } from 'node:url';
import type { SharedEnv } from '../../config/env.js';
import type { Storage } from '../../ports/storage.js';
import { openDirectoryStorage } from './directory.js';
import { openS3Storage } from './s3.js';

type StorageEnv = Pick<
  SharedEnv,
  'STORAGE_URL' | 'S3_ENDPOINT' | 'S3_PUBLIC_ENDPOINT' | 'S3_REGION' | 'S3_FORCE_PATH_STYLE' | 'S3_CHECKSUMS'
>;

/** The store that STORAGE_URL names. S3 credentials come from AWS's own chain: environment, profile, role. */
export function openStorage(env: StorageEnv): Promise<Storage> {
  const s3 = /^s3:\/\/([^/]+)\/?(.*)$/.exec(env.STORAGE_URL);
  if (!s3) return openDirectoryStorage(fileURLToPath(env.STORAGE_URL));
  const [, bucket = '', prefix = ''] = s3;
  return openS3Storage({
    bucket,
    prefix,
    endpoint: env.S3_ENDPOINT,
    publicEndpoint: env.S3_PUBLIC_ENDPOINT,
    region: env.S3_REGION,
    forcePathStyle: env.S3_FORCE_PATH_STYLE,
    checksums: env.S3_CHECKSUMS,
  });
}
