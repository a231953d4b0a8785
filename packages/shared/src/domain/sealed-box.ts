import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * Secrets at rest: AES-256-GCM, `version(1) | key id(4) | iv(12) | tag(16) | ciphertext`, in base64. The context
 * (project, purpose, row) is authenticated, so that a blob cannot be moved to another place. The key id tells which
 * secret sealed it, so that RENDERMILL_SECRET can be changed while blobs of the one before are still there.
 */
const version = 2;
const head = 5;

/** RENDERMILL_SECRET, and the one before it where that is still needed. */
export interface SealingSecrets {
  readonly current: string;
  readonly previous?: string | undefined;
}

function keyFrom(secret: string): Buffer {
  return createHash('sha256').update(`rendermill sealed box|${secret}`).digest();
}

/** Tells keys apart, and nothing else of them. */
function keyId(key: Buffer): Buffer {
  return createHash('sha256').update('rendermill key id|').update(key).digest().subarray(0, 4);
}

export function seal({ current }: SealingSecrets, context: string, plain: string): string {
  const key = keyFrom(current);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(context));
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([version]), keyId(key), iv, cipher.getAuthTag(), ciphertext]).toString('base64');
}

/** Throws where it was sealed with neither secret, in another context, or where a single bit is another. */
export function unseal(secrets: SealingSecrets, context: string, sealed: string): string {
  const blob = Buffer.from(sealed, 'base64');
  if (blob[0] !== version || blob.length < head + 28) throw new Error('a sealed secret of an unknown form');
  const key = keyOf(secrets, blob);
  if (!key)
    throw new Error(
      'a secret was sealed with another RENDERMILL_SECRET: set the one before as RENDERMILL_SECRET_PREVIOUS',
    );
  // Without authTagLength Node accepts a tag of four bytes.
  const iv = blob.subarray(head, head + 12);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(blob.subarray(head + 12, head + 28));
  return Buffer.concat([decipher.update(blob.subarray(head + 28)), decipher.final()]).toString('utf8');
}

/** True where the secret before sealed it. */
export function isOutdated({ current }: SealingSecrets, sealed: string): boolean {
  return !Buffer.from(sealed, 'base64')
    .subarray(1, head)
    .equals(keyId(keyFrom(current)));
}

function keyOf({ current, previous }: SealingSecrets, blob: Buffer): Buffer | undefined {
  const keys = [current, ...(previous === undefined ? [] : [previous])].map(keyFrom);
  return keys.find((key) => keyId(key).equals(blob.subarray(1, head)));
}
