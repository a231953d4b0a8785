import { CreateBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { StorageError } from '../../ports/storage.js';
import type { S3Options, S3Place } from './s3-client.js';
import { failureOf } from './s3-errors.js';

/** Makes sure that the bucket is there. On a server of the user's own it is made; at AWS that is a person's decision. */
export async function ensureBucket(s3: S3Place, options: S3Options): Promise<void> {
  const bucket = { Bucket: s3.bucket };
  const quick = { requestTimeout: s3.timeouts.answer };
  try {
    await s3.client.send(new HeadBucketCommand(bucket), quick);
    return;
  } catch (error) {
    if (failureOf(error).status !== 404) throw error;
    if (options.endpoint === undefined) {
      const how = `make it (aws s3 mb s3://${s3.bucket} --region ${options.region}) or correct STORAGE_URL`;
      throw new StorageError('denied', `${s3.place}: the bucket does not exist: ${how}`, error);
    }
  }
  try {
    await s3.client.send(new CreateBucketCommand(bucket), quick);
  } catch (error) {
    // Another process was first, or the name is somebody else's: a look tells.
    if (failureOf(error).status !== 409) throw error;
    await s3.client.send(new HeadBucketCommand(bucket), quick);
  }
}
