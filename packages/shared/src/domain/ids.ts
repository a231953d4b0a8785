import { createHash, randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Bytes as base 62, fixed width, so that ids of one kind have one length. */
export function base62(bytes: Uint8Array, length: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < length; i++) {
    text = (alphabet[Number(value % 62n)] ?? '0') + text;
    value /= 62n;
  }
  return text;
}

type Prefix = 'job' | 'req' | 'whe' | 'prm' | 'wrk' | 'api' | 'inp' | 'batch' | 'prt' | 'prb' | 'key';

/** A random id of 131 bits: unguessable, and free of `:` as BullMQ demands of entry ids. */
export function newId(prefix: Prefix): string {
  return `${prefix}_${base62(randomBytes(17), 22)}`;
}

/** True for what {@link newId} makes; anything else can be refused before it reaches a key. */
export function isId(prefix: Prefix, text: string): boolean {
  return (
    text.length === prefix.length + 23 &&
    text.startsWith(`${prefix}_`) &&
    /^[0-9A-Za-z]+$/.test(text.slice(prefix.length + 1))
  );
}

/** A file's id, written as OpenAI writes it. */
export function newFileId(): string {
  return `file-${base62(randomBytes(17), 22)}`;
}

/** The id of a file that we make: the same whoever makes it, after whatever crash. */
export function derivedFileId(of: string): string {
  return `file-${base62(createHash('sha256').update(of).digest().subarray(0, 16), 22)}`;
}

/** True for what {@link newFileId} and {@link derivedFileId} make. */
export function isFileId(text: string): boolean {
  return /^file-[0-9A-Za-z]{22}$/.test(text);
}

/** Lower-case hex sha256. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * The id of an event, derived from what it says, so that a crash between two writes cannot mint a second id for
 * one fact. Absorbs: a finish repeated by the same owner, by a later owner, or by a rebuild from the bucket.
 */
export function eventId(object: string, type: string, generation: number, milestone = ''): string {
  const digest = createHash('sha256').update(`${object}|${type}|${generation}|${milestone}`).digest();
  return `evt_${base62(digest, 27)}`;
}

/**
 * The id of the job that a step of a probe is, derived from both: whoever goes on with a probe submits the same job, and
 * finds what it came to. Absorbs: two workers that go on at once, and one that died after it had submitted.
 */
export function probeJobId(probe: string, step: string): string {
  return `job_${base62(createHash('sha256').update(`${probe}|${step}`).digest().subarray(0, 16), 22)}`;
}

/**
 * The id of a queue entry. Adding it twice is a no-op, which absorbs: the API's add after a reaper's, a reaper's
 * after the API's, and two reapers'. A new run gets a new id, so an entry that hangs on a dead worker's lock
 * does not stand in the way of the next.
 */
export function entryId(job: string, generation: number, run: number): string {
  return `${job}.${generation}.${run}`;
}
