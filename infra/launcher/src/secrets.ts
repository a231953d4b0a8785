import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { newWebhookSecret } from '@rendermill/shared/domain/webhook-signature';
import { parseFields, readIfThere } from './files.js';

/** What an embedded installation needs to keep for itself. Generated once: sealed data and links depend on it. */
export interface Secrets {
  readonly adminKey: string;
  readonly secret: string;
  readonly webhookSecret: string;
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** 5.95 bits a character: 40 of them are 238 bits. */
function base62(length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}

function newSecrets(): Secrets {
  return { adminKey: `rm_live_${base62(40)}`, secret: base62(40), webhookSecret: newWebhookSecret() };
}

/** Reads the secrets of a data directory, making them where there are none. A damaged file is an error: new ones
 * would make the sealed data and the links of the old ones unreadable without a word. */
export function loadSecrets(file: string): Secrets {
  const text = readIfThere(file);
  if (text === undefined) {
    const secrets = newSecrets();
    writeDurably(file, `${JSON.stringify(secrets, null, 2)}\n`);
    return secrets;
  }
  chmodSync(file, 0o600);
  const { adminKey, secret, webhookSecret } = parseFields(text) ?? {};
  if (typeof adminKey !== 'string' || typeof secret !== 'string' || typeof webhookSecret !== 'string')
    throw damaged(file);
  return { adminKey, secret, webhookSecret };
}

function damaged(file: string): Error {
  return new Error(
    `${file} does not hold adminKey, secret and webhookSecret. Restore it; or remove it to get new ones (stored endpoint secrets and links of the old ones become useless).`,
  );
}

/** All of the text or none of it, after a crash too. */
function writeDurably(file: string, text: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  withFile(draft, 'wx', (fd) => {
    writeSync(fd, text);
    fsyncSync(fd);
  });
  renameSync(draft, file);
  withFile(dirname(file), 'r', fsyncSync);
}

function withFile(path: string, flags: string, use: (fd: number) => void): void {
  const fd = openSync(path, flags, 0o600);
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}
