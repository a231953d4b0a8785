import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * Secrets at rest: AES-256-GCM, `version(1) | iv(12) | tag(16) | ciphertext`, in base64. The context (project,
 * purpose, row) is authenticated, so that a blob cannot be moved to another place.
 */
const version = 1;

function keyFrom(secret: string): Buffer {
  return createHash('sha256').update(`rendermill sealed box|${secret}`).digest();
}

export function seal(secret: string, context: string, plain: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyFrom(secret), iv, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(context));
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([version]), iv, cipher.getAuthTag(), ciphertext]).toString('base64');
}

/** Throws where the secret, the context or a single bit is another than at sealing. */
export function unseal(secret: string, context: string, sealed: string): string {
  const blob = Buffer.from(sealed, 'base64');
  if (blob[0] !== version || blob.length < 29) throw new Error('a sealed secret of an unknown form');
  // Without authTagLength Node accepts a tag of four bytes.
  const decipher = createDecipheriv('aes-256-gcm', keyFrom(secret), blob.subarray(1, 13), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(blob.subarray(13, 29));
  return Buffer.concat([decipher.update(blob.subarray(29)), decipher.final()]).toString('utf8');
}
