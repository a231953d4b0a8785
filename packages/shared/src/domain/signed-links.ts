import { createHmac, timingSafeEqual } from 'node:crypto';

/** Links to stored images that work without a key until they expire. */

/** What a link is leave for: one path, in one project. */
export interface LinkPlace {
  readonly path: string;
  readonly project: string;
}

/** The project that a link is of where it names none. */
const unnamed = 'default';

function signature(secret: string, { path, project }: LinkPlace, expires: number): Buffer {
  // The purpose keeps this use of the secret apart from its others.
  const place = project === unnamed ? path : `${project}|${path}`;
  return createHmac('sha256', secret).update(`image-link|${place}|${expires}`).digest();
}

/** The project that a link names. */
export function linkProject(named: string | undefined): string {
  return named ?? unnamed;
}

/** The path with its project, an expiry (unix seconds) and a signature over them. */
export function signPath(secret: string, place: LinkPlace, expires: number): string {
  const project = place.project === unnamed ? '' : `project=${encodeURIComponent(place.project)}&`;
  const signed = signature(secret, place, expires).toString('base64url');
  return `${place.path}?${project}expires=${expires}&signature=${signed}`;
}

/** True where one of the secrets signed the link and it has not expired. `now` in unix seconds. */
export function verifyPath(
  secrets: readonly string[],
  place: LinkPlace,
  expires: string,
  given: string,
  now: number,
): boolean {
  if (!/^\d{1,12}$/.test(expires) || Number(expires) < now) return false;
  const actual = Buffer.from(given, 'base64url');
  return secrets.some((secret) => {
    const expected = signature(secret, place, Number(expires));
    return actual.length === expected.length && timingSafeEqual(actual, expected);
  });
}
