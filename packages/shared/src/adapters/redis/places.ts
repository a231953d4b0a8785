import type { ScriptRunner } from './scripts.js';

/** Reading a sorted set by time in pages that go on where they ended, though members come and go. */

/** A member's place: members of equal time stand in the order of their bytes. */
export interface Place {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What is read of a list. */
export interface Stretch {
  /** Milliseconds since the epoch, inclusive; infinite where there is no bound. */
  readonly from: number;
  readonly to: number;
  readonly after: Place | undefined;
  readonly order: 'asc' | 'desc';
}

export const placesAtOnce = 200;

/** A lot of places from `offset`, in order: those of the same time as `after` that stand before it too. */
export async function readPlaces(
  { client }: ScriptRunner,
  list: string,
  { from, to, after, order }: Stretch,
  offset: number,
): Promise<Place[]> {
  const low = score(order === 'asc' ? Math.max(from, after?.at ?? -Infinity) : from);
  const high = score(order === 'asc' ? to : Math.min(to, after?.at ?? Infinity));
  const answer =
    order === 'asc'
      ? await client.zrangebyscore(list, low, high, 'WITHSCORES', 'LIMIT', offset, placesAtOnce)
      : await client.zrevrangebyscore(list, high, low, 'WITHSCORES', 'LIMIT', offset, placesAtOnce);
  const places: Place[] = [];
  for (let i = 0; i + 1 < answer.length; i += 2) places.push({ id: answer[i] ?? '', at: Number(answer[i + 1]) });
  return places;
}

const score = (value: number): string => (Number.isFinite(value) ? String(value) : value > 0 ? '+inf' : '-inf');

/** True for what comes behind `after`. Redis sorts equal scores by their bytes, and so does JavaScript: ids are ASCII. */
export function isBeyond(place: Place, { after, order }: Pick<Stretch, 'after' | 'order'>): boolean {
  if (!after) return true;
  const [low, high] = order === 'asc' ? [after, place] : [place, after];
  return low.at < high.at || (low.at === high.at && low.id < high.id);
}
