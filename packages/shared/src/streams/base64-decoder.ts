/**
 * Base64 text, piece by piece, to bytes. Strict where Node's decoder is lenient: what is not base64 is an error,
 * not skipped. White space is allowed, as some relays wrap their lines; padding may be left out.
 */
export class Base64Error extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Base64Error';
  }
}

export class Base64Decoder {
  /** Up to three characters that wait for their group of four. */
  #carry = '';
  #padded = false;
  /** Used again and again: a large blob leaves no garbage behind. */
  #bytes = Buffer.alloc(0);

  /** The bytes of all complete groups so far; valid until the next call. */
  push(text: string): Buffer {
    if (text.length === 0) return Buffer.alloc(0);
    const bytes = this.#decode(this.#carry + text);
    if (bytes) return bytes;
    // Rare: white space, or not base64 at all.
    const bare = (this.#carry + text).replaceAll(/\s+/g, '');
    const again = this.#decode(bare);
    if (!again) throw new Base64Error('a character that is not base64');
    return again;
  }

  /** The last bytes. */
  end(): Buffer {
    const rest = this.#carry.replace(/=+$/, '');
    this.#carry = '';
    if (rest.length === 0) return Buffer.alloc(0);
    const bytes = Buffer.from(rest, 'base64');
    if (rest.length === 1 || bytes.length !== Math.floor((rest.length * 3) / 4))
      throw new Base64Error('base64 that ends in the middle');
    return bytes;
  }

  /** Null where the text has a character that the decoder would skip. */
  #decode(text: string): Buffer | null {
    if (this.#padded && text.length > 0) return /^[\s=]*$/.test(text) ? Buffer.alloc(0) : null;
    const whole = text.length - (text.length % 4);
    const groups = text.slice(0, whole);
    if (this.#bytes.length < (whole / 4) * 3) this.#bytes = Buffer.allocUnsafeSlow((whole / 4) * 3);
    const bytes = this.#bytes.subarray(0, this.#bytes.write(groups, 'base64'));
    const padding = groups.endsWith('==') ? 2 : groups.endsWith('=') ? 1 : 0;
    if (bytes.length !== (whole / 4) * 3 - padding) return null;
    this.#padded = padding > 0;
    this.#carry = text.slice(whole);
    if (/[^A-Za-z0-9+/=_-]/.test(this.#carry)) return null;
    return bytes;
  }
}

/** The bytes of a whole text, as strictly. Throws a {@link Base64Error}. */
export function bytesOfBase64(text: string): Buffer {
  const decoder = new Base64Decoder();
  const bytes = decoder.push(text);
  const rest = decoder.end();
  return rest.length === 0 ? bytes : Buffer.concat([bytes, rest]);
}
