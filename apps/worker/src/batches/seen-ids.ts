/**
 * Which ids of a million were seen before, in 16 bytes each: 64 bits of hash stand for an id. What it takes for a repeat
 * is looked at again by its letters.
 */
export class SeenIds {
  #slots = new Uint32Array(2 * 4096);
  #count = 0;

  /** True where it was added before, or (once in 10^7 files of a million lines) looks as if. */
  add(id: string): boolean {
    if (2 * (this.#count + 1) > this.#slots.length / 2) this.#grow();
    const [high, low] = hash(id);
    const known = put(this.#slots, high, low);
    if (!known) this.#count++;
    return known;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += 2) {
      const [high = 0, low = 0] = [old[i], old[i + 1]];
      if (high !== 0 || low !== 0) put(this.#slots, high, low);
    }
  }
}

/** True where it is there already. The empty slot is 0, 0. */
function put(slots: Uint32Array, high: number, low: number): boolean {
  const places = slots.length / 2;
  for (let place = high % places; ; place = (place + 1) % places) {
    const at = 2 * place;
    if (slots[at] === high && slots[at + 1] === low) return true;
    if (slots[at] === 0 && slots[at + 1] === 0) {
      slots[at] = high;
      slots[at + 1] = low;
      return false;
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
