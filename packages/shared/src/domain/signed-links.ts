import { createHmac, timingSafeEqual } from 'node:crypto';

/** Links to stored images that work without a key until they expire. */

function signature(secret: string, path: string, expires: number): Buffer {
  // The purpose keeps this use of the secret apart from its others.
  return createHmac('sha256', secret).update(`image-link|${path}|${expires}`).digest();
}

/** `path` with an expiry (unix seconds) and a signature over both. */
export function signPath(secret: string, path: string, expires: number): string {
  return `${path}?expires=${expires}&signature=${signature(secret, path, expires).toString('base64url')}`;
}

/** True where one of the secrets signed the link and it has not expired. `now` in unix seconds. */
export function verifyPath(
  secrets: readonly string[],
  path: string,
  expires: string,
  given: string,
  now: number,
): boolean {
  if (!/^\d{1,12}$/.test(expires) || Number(expires) < now) return false;
  const actual = Buffer.from(given, 'base64url');
  return secrets.some((secret) => {
    const expected = signature(secret, path, Number(expires));
    return actual.length === expected.length && timingSafeEqual(actual, expected);
  });
}
