import { fc } from '../../../../test/properties.js';

/** Bytes of a file that went wrong somewhere: 0.1 to 2 % of them changed, flipped, left out or written twice. */
export function mutated(bytes: Buffer): fc.Arbitrary<Buffer> {
  const permille = fc.integer({ min: 1, max: 20 });
  return fc.tuple(permille, fc.nat(2 ** 31 - 1)).map(([rate, seed]) => mutate(bytes, rate / 1_000, seed));
}

function mutate(bytes: Buffer, rate: number, seed: number): Buffer {
  const random = generator(seed);
  const result: number[] = [];
  // One at least, or it would be the file itself.
  const sure = Math.floor(random() * bytes.length);
  for (const [i, byte] of bytes.entries()) {
    if (i !== sure && random() >= rate) {
      result.push(byte);
      continue;
    }
    const how = Math.floor(random() * 4);
    if (how === 0) result.push(Math.floor(random() * 256));
    else if (how === 1) result.push(byte ^ (1 << Math.floor(random() * 8)));
    else if (how === 2) result.push(byte, byte);
  }
  return Buffer.from(result);
}

/** mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
