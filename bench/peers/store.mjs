// Where the peers put their pictures: PutObject with the S3 client as it comes, or fs.writeFile.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

/** `put(name, bytes)` for `s3://bucket` or `file:///folder`; credentials come by AWS's own chain. */
export async function openStore(url, endpoint) {
  if (url.startsWith('file:')) {
    const folder = fileURLToPath(url);
    await mkdir(folder, { recursive: true });
    return async (name, bytes) => writeFile(join(folder, name), bytes);
  }
  const Bucket = new URL(url).host;
  const s3 = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true });
  return async (Key, Body) => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'image/png' }));
  };
}
