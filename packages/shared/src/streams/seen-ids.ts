/** What a slot holds: two words of hash, the line's number. */
const width = 3;

/** Which ids of a million were seen before, and where first, in 24 bytes each: 64 bits of hash stand for an id. */
export class SeenIds {
  #slots = new Uint32Array(width * 4096);
  #count = 0;

  /** The number of the line that it was added with before, or (once in 10^7 files of a million lines) looks as if; else null. */
  add(id: string, line: number): number | null {
    if (2 * (this.#count + 1) > this.#slots.length / width) this.#grow();
    const [high, low] = hash(id);
    const earlier = put(this.#slots, high, low, line);
    if (earlier === null) this.#count++;
    return earlier;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += width) {
      const [high = 0, low = 0, line = 0] = old.subarray(i, i + width);
      if (high !== 0 || low !== 0) put(this.#slots, high, low, line);
    }
  }
}

/** The line of the one that is there already, or null. The empty slot is 0, 0. */
function put(slots: Uint32Array, high: number, low: number, line: number): number | null {
  const places = slots.length / width;
  for (let place = high % places; ; place = (place + 1) % places) {
    const at = width * place;
    if (slots[at] === high && slots[at + 1] === low) return slots[at + 2] ?? null;
    if (slots[at] === 0 && slots[at + 1] === 0) {
      slots[at] = high;
      slots[at + 1] = low;
      slots[at + 2] = line;
      return null;
    }
  }
}

/** cyrb64: two rounds of 32 bits over the letters, mixed. Never 0, 0. */
function hash(text: string): [number, number] {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return [a >>> 0, (b | 1) >>> 0];
}
