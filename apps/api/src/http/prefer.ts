import type { Request } from 'express';

/** RFC 7240: how long the client would wait, or that it would not. */
export interface Preference {
  /** Milliseconds, or null where nothing was said. */
  readonly waitMs: number | null;
  readonly respondAsync: boolean;
}

export function preference(request: Request): Preference {
  const header = String(request.headers['prefer'] ?? '');
  const wait = /(?:^|[,;\s])wait=(\d{1,5})(?:$|[,;\s])/i.exec(header)?.[1];
  return {
    waitMs: wait === undefined ? null : Number(wait) * 1_000,
    respondAsync: /(?:^|[,;\s])respond-async(?:$|[,;\s])/i.test(header),
  };
}
