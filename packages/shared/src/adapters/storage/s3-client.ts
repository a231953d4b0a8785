import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { retryStrategy } from './s3-retries.js';

export interface S3Options {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
  /** A server other than AWS. */
  readonly endpoint?: string | undefined;
  /** What clients reach that server by, where it is another name: the base of presigned links. */
  readonly publicEndpoint?: string | undefined;
  readonly region: string;
  /** By default where an endpoint is given. */
  readonly forcePathStyle?: boolean | undefined;
  /** When the SDK adds CRC checksums of its own. Older servers need WHEN_REQUIRED; sha256 is always sent. */
  readonly checksums: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED';
  /** By default AWS's own chain: environment, profile, instance role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
}

/** Milliseconds. */
export interface Timeouts {
  readonly connect: number;
  /** Without a byte in either direction, a body that its reader leaves standing included. */
  readonly idle: number;
  /** Until the answer begins, of a request with a body of up to 64 MB; in proportion for a larger one. */
  readonly upload: number;
  /** Until the answer begins, of any other request. */
  readonly answer: number;
}

const defaults: Timeouts = { connect: 5_000, idle: 60_000, upload: 120_000, answer: 15_000 };

/** Uploads of {@link Storage.putOnce} at a time. More would wait for bandwidth with open files. */
export const parallelUploads = 64;

/** A bucket and how to reach it; what the parts of the S3 store share. */
export interface S3Place {
  readonly client: S3Client;
  /** Signs links, and sends nothing. */
  readonly signer: S3Client;
  readonly bucket: string;
  /** Empty, or ends in `/`. */
  readonly base: string;
  /** For people. */
  readonly place: string;
  readonly timeouts: Timeouts;
}

export function connectS3(options: S3Options): S3Place {
  const timeouts = { ...defaults, ...options.timeouts };
  // The SDK gives a request that waits for a socket the connection's time-out, so there must be enough of them for
  // the uploads, and for reads whose bodies are slow to be consumed.
  const agent = { keepAlive: true, maxSockets: 4 * parallelUploads };
  const config: S3ClientConfig = {
    region: options.region,
    forcePathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
    requestChecksumCalculation: options.checksums,
    responseChecksumValidation: options.checksums,
    // For requests that can be repeated as they are; an upload from a file repeats itself.
    retryStrategy,
    // Waiting for "100 Continue" costs a round trip and a new connection each time.
    expectContinueHeader: false,
    requestHandler: {
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
      connectionTimeout: timeouts.connect,
      socketTimeout: timeouts.idle,
      requestTimeout: timeouts.upload,
      throwOnRequestTimeout: true,
    },
    // What the SDK would tell the console is in the errors that we throw.
    logger: { trace: silent, debug: silent, info: silent, warn: silent, error: silent },
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  };
  const client = new S3Client(config);
  const { publicEndpoint } = options;
  const prefix = options.prefix.replace(/^\/+|\/+$/g, '');
  const where = options.endpoint === undefined ? `AWS ${options.region}` : new URL(options.endpoint).origin;
  return {
    client,
    signer: publicEndpoint === undefined ? client : new S3Client({ ...config, endpoint: publicEndpoint }),
    bucket: options.bucket,
    base: prefix === '' ? '' : `${prefix}/`,
    place: `s3://${options.bucket}${prefix === '' ? '' : `/${prefix}`} (${where})`,
    timeouts,
  };
}

function silent(): void {}
