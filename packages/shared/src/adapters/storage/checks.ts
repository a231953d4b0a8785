import type { FileFacts } from '../../ports/storage.js';

/**
 * What every store refuses before it does anything, so that a key or a header that works with one works with all.
 * A refusal is a plain error: the caller is wrong and no retry mends it.
 */

/** Names at the top that a store keeps for itself. */
export const reserved = { meta: '.meta', staging: '.staging', check: '.rendermill-check' } as const;
const reservedNames: readonly string[] = Object.values(reserved);

/** True for a key, or the first part of one, that is the store's own. */
export function isReserved(key: string): boolean {
  return reservedNames.includes(key.split('/', 1)[0] ?? '');
}

// Keys are server-made, so this costs nobody anything and spares us the ways in which file systems and S3 servers
// disagree about other characters.
const segmentPattern = /^[\x20-\x7e]+$/;

function faultOf(segments: readonly string[]): string | null {
  if (segments.some((segment) => segment === '')) return 'it has an empty part';
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'it has a relative part';
  if (segments.some((segment) => !segmentPattern.test(segment) || segment.includes('\\'))) {
    return 'it has characters other than printable ASCII without backslash';
  }
  return isReserved(segments[0] ?? '') ? 'its first part is reserved' : null;
}

export function checkKey(key: string): void {
  const fault = faultOf(key.split('/'));
  if (fault) throw new Error(`${JSON.stringify(key)} cannot be a storage key: ${fault}`);
}

/** A prefix is the beginning of a key, cut anywhere; what comes before its last `/` is as strict as a key. */
export function checkPrefix(prefix: string): void {
  const folders = prefix.split('/').slice(0, -1);
  const fault = folders.length === 0 ? null : faultOf(folders);
  if (fault) throw new Error(`${JSON.stringify(prefix)} cannot begin a storage key: ${fault}`);
}

/** S3 allows 2 kB of metadata, counted over names and values. */
const maxMetadataBytes = 2_048;

// No blank at the ends: HTTP drops it, and the signature of the request with it.
const valuePattern = /^$|^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/** The metadata that is stored: what was given and the sha256, by which a writer knows its own object again. */
export function checkFacts(facts: FileFacts): Readonly<Record<string, string>> {
  if (!/^[0-9a-f]{64}$/.test(facts.sha256)) throw new Error('sha256 must be 64 lower-case hex digits');
  if (!Number.isSafeInteger(facts.bytes) || facts.bytes < 0) throw new Error(`${facts.bytes} is not a number of bytes`);
  checkContentType(facts.contentType);
  const metadata: Record<string, string> = { sha256: facts.sha256, ...facts.metadata };
  if (metadata['sha256'] !== facts.sha256) throw new Error('metadata sha256 differs from the sha256 of the file');
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
      throw new Error(`metadata key ${JSON.stringify(name)} must be of a-z 0-9 -`);
    if (!valuePattern.test(value))
      throw new Error(`metadata ${name} must be printable ASCII without blanks at its ends`);
    bytes += name.length + value.length;
  }
  if (bytes > maxMetadataBytes) throw new Error(`metadata has ${bytes} bytes, more than ${maxMetadataBytes}`);
  return metadata;
}

export function checkContentType(contentType: string): void {
  if (contentType === '' || !valuePattern.test(contentType))
    throw new Error(`${JSON.stringify(contentType)} is not a content type`);
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The part of a range that the object has. A range that begins behind the end is the caller's mistake. */
export function clipRange(range: ByteRange, bytes: number): ByteRange {
  checkRange(range);
  if (range.start >= bytes)
    throw new RangeError(`bytes ${range.start}-${range.end} lie outside an object of ${bytes} bytes`);
  return { start: range.start, end: Math.min(range.end, bytes - 1) };
}

export function checkRange({ start, end }: ByteRange): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError(`${start}-${end} is not a byte range`);
  }
}
