import { BareBullmq, Script } from './peers.mjs';
import { Ours } from './ours.mjs';

/** In the order of the first round; each later round begins with the next, so that none is always first. */
const contenders = [Ours, Script, BareBullmq];

export function inTurn(round) {
  return contenders.map((_, i) => contenders[(i + round) % contenders.length]);
}

/** Runs `measure` with one contender, and leaves nothing of it behind. */
export async function withContender(Contender, setup, measure) {
  const contender = new Contender(setup);
  try {
    await contender.open();
    return await measure(contender);
  } finally {
    await contender.close();
  }
}
