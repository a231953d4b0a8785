import { isEnded, linesDone, type Batch } from './batch.js';

/** How fast a batch's lines end, by two marks of how far it was, and how long the rest of them takes at that rate. */

/** Fewer lines than these tell no rate. */
const fewest = 3;
/** Marks lie at least so far apart. */
const apartMs = 15_000;

type Mark = Batch['pace'][number];

/**
 * The marks to be kept from now on, or null where those that stand are good: the earlier gives way as soon as enough has
 * ended since the later, so that the rate is of the last while, and of a slow batch too.
 */
export function nextPace(batch: Pick<Batch, 'pace' | 'completed' | 'failed' | 'cancelled'>, at: number): Mark[] | null {
  const now = { at, done: linesDone(batch) };
  const last = batch.pace.at(-1);
  // A retry takes lines back: it is timed anew.
  if (!last || now.done < last.done) return [now, now];
  return at - last.at >= apartMs && now.done - last.done >= fewest ? [last, now] : null;
}

/** Null where too little has ended to tell, or nothing is to come. */
export function etaSeconds(batch: Batch, at: number): number | null {
  const [first] = batch.pace;
  if (isEnded(batch.status) || batch.paused_at !== null || !first) return null;
  const done = linesDone(batch) - first.done;
  if (done < fewest || at <= first.at) return null;
  return Math.ceil(((batch.total - linesDone(batch)) * (at - first.at)) / done / 1_000);
}
