import { StorageError } from '../../ports/storage.js';
import { errnoOf } from './errno.js';

/** What an error of the SDK says, whatever its class: a service's answer, a socket's failure, a missing credential. */
interface Failure {
  readonly name: string;
  readonly status: number | null;
}

export function failureOf(error: unknown): Failure {
  if (typeof error !== 'object' || error === null) return { name: String(error), status: null };
  const metadata = '$metadata' in error ? error.$metadata : null;
  const answered = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata;
  const status = answered && typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : null;
  const name = 'name' in error && typeof error.name === 'string' ? error.name : 'Error';
  // A socket's error is called "Error" and has a code; an answer without a body is "Unknown" or "UnknownError".
  return { name: name === 'Error' ? (errnoOf(error) ?? name) : name, status };
}

/** What waiting does not change; each with what a person can do. */
const denied: Readonly<Record<string, string>> = {
  NoSuchBucket: 'the bucket does not exist',
  InvalidBucketName: 'no bucket can have this name: correct STORAGE_URL',
  AccessDenied: 'the credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on it',
  InvalidAccessKeyId: 'the server does not know the access key',
  SignatureDoesNotMatch: 'the secret key is wrong, or a proxy changes requests',
  ExpiredToken: 'the session token has expired',
  InvalidToken: 'the session token is not valid',
  CredentialsProviderError:
    'no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role',
  PermanentRedirect: 'the bucket lies in another region: set S3_REGION',
  AuthorizationHeaderMalformed: 'the bucket lies in another region: set S3_REGION',
  BucketAlreadyExists: 'the bucket belongs to somebody else',
  NotImplemented: 'the server does not offer what Rendermill needs (conditional writes)',
};

const deniedByStatus: Readonly<Record<number, string>> = {
  301: denied['PermanentRedirect'] ?? '',
  401: 'the server refuses the credentials',
  403: `the server refuses the credentials, or ${denied['AccessDenied']}`,
  501: denied['NotImplemented'] ?? '',
};

/** The body did not have the sha256 that was signed with it. */
export function isDamaged(error: unknown): boolean {
  return ['XAmzContentSHA256Mismatch', 'BadDigest', 'InvalidDigest'].includes(failureOf(error).name);
}

/** What a failure means to a caller of the port. */
export function s3Error(place: string, doing: string, error: unknown): Error {
  // A RangeError is ours: the caller asked for bytes that the object does not have.
  if (error instanceof StorageError || error instanceof RangeError || error instanceof TypeError) return error;
  const { name, status } = failureOf(error);
  // The SDK sets its clock by this answer (403), so the next try is right.
  const skewed = name === 'RequestTimeTooSkewed';
  const hint = skewed ? undefined : (denied[name] ?? deniedByStatus[status ?? 0]);
  const facts = status === null ? name : `${name}, HTTP ${status}`;
  const message = `${place}: could not ${doing} (${facts})`;
  if (hint !== undefined) return new StorageError('denied', `${message}: ${hint}`, error);
  return new StorageError('unavailable', message, error);
}
