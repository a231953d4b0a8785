// What all contenders stand on: one private Redis that syncs every write, one real S3 server, one folder for
// everything that is written. Nothing is left of it when the run ends, however it ends.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startRedis } from '../../infra/launcher/dist/redis-process.js';
import { startS3Server } from '../../scripts/lib/s3-server.mjs';
import { stopChildren } from './children.mjs';

/** The test server's disk is a file of 10 GB that gives nothing back quickly: before it is full another one is started. */
const s3Bytes = 6e9;

export class Stage {
  #say;
  #redis = null;
  #s3 = null;
  #s3Left = 0;
  #s3Number = 0;
  #closing = null;
  dir = '';

  constructor(say) {
    this.#say = say;
  }

  async open() {
    this.dir = await mkdtemp(join(tmpdir(), 'rendermill-bench-'));
    this.#redis = await startRedis({ dataDir: join(this.dir, 'redis'), say: this.#say });
  }

  get redisUrl() {
    return this.#redis.url;
  }

  /** An empty bucket or folder with room for `bytes`, as the environment of who uses it; null without an S3 server. */
  async store(kind, bytes) {
    const name = `bench-${randomBytes(5).toString('hex')}`;
    if (kind === 'directory') {
      const folder = join(this.dir, name);
      await mkdir(folder);
      const close = () => rm(folder, { recursive: true, force: true });
      return { env: { STORAGE_URL: pathToFileURL(folder).href }, close };
    }
    if (this.#s3Left < bytes && !(await this.#startS3())) return null;
    this.#s3Left -= bytes;
    const { S3_TEST_ENDPOINT, S3_TEST_ACCESS_KEY, S3_TEST_SECRET_KEY } = { ...process.env, ...this.#s3.env };
    const credentials = { accessKeyId: S3_TEST_ACCESS_KEY, secretAccessKey: S3_TEST_SECRET_KEY };
    const client = new S3Client({ region: 'us-east-1', endpoint: S3_TEST_ENDPOINT, forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: name }));
    client.destroy();
    const keys = { AWS_ACCESS_KEY_ID: S3_TEST_ACCESS_KEY, AWS_SECRET_ACCESS_KEY: S3_TEST_SECRET_KEY };
    return {
      env: { STORAGE_URL: `s3://${name}`, S3_ENDPOINT: S3_TEST_ENDPOINT, ...keys },
      close: async () => undefined,
    };
  }

  async #startS3() {
    if (this.#closing) throw new Error('the run is ending');
    await this.#s3?.stop();
    this.#s3 = await startS3Server(join(this.dir, `s3-${this.#s3Number++}`), this.#say);
    // A server that was brought along has a disk of its own.
    this.#s3Left = process.env.S3_TEST_ENDPOINT ? Infinity : s3Bytes;
    return this.#s3 !== null;
  }

  /** Once, however often it is asked for: by the end of the run, and by whoever interrupts it. */
  async close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    await stopChildren();
    const stopped = await Promise.allSettled([this.#s3?.stop(), this.#redis?.stop()]);
    await rm(this.dir, { recursive: true, force: true });
    const failed = stopped.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  }
}
