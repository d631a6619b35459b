/** Texts as UTF-8, one behind the other in one buffer, which is used again for the next list of them. */

/** UTF-8 of one UTF-16 code unit. */
export const BYTES_PER_CHAR_MAX = 3;
/** `copyBytes` moves so many at a time, and reads and writes up to one less behind what it is asked for. */
export const COPY_BYTES = 8;

export class EncodedTexts {
  /** The texts', and at least `COPY_BYTES` more behind them. */
  bytes: DataView = new DataView(new ArrayBuffer(0));
  /** Of the same bytes. */
  #buffer = Buffer.alloc(0);
  /** Where each text ends, and more behind that. */
  #ends = new Uint32Array(0);
  #count = 0;
  #length = 0;

  /** In place of whatever texts there were. */
  encode(texts: readonly string[]): void {
    this.#count = 0;
    this.#length = 0;
    const all = texts.length === 1 ? (texts[0] ?? '') : texts.join('');
    this.#reserve(all, texts.length);
    this.#length = this.#buffer.write(all, 0, 'utf8');
    const isAscii = this.#length === all.length;
    let end = 0;
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i] ?? '';
      end += isAscii ? text.length : Buffer.byteLength(text, 'utf8');
      this.#ends[i] = end;
    }
    this.#count = texts.length;
  }

  /** Puts one behind the others. */
  add(text: string): void {
    this.#reserve(text, 1);
    this.#length += this.#buffer.write(text, this.#length, 'utf8');
    this.#ends[this.#count++] = this.#length;
  }

  /** Of all texts together, in bytes. */
  get length(): number {
    return this.#length;
  }

  /** Where the text at `place` begins. */
  start(place: number): number {
    return place === 0 ? 0 : (this.#ends[place - 1] ?? 0);
  }

  /** Where the text at `place` ends. */
  end(place: number): number {
    return this.#ends[place] ?? 0;
  }

  /** Makes room for so many more texts that together are `text`. */
  #reserve(text: string, count: number): void {
    const bytes = this.#length + text.length * BYTES_PER_CHAR_MAX + COPY_BYTES;
    if (this.#buffer.length < bytes) {
      const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
      this.bytes = viewOf(larger);
    }
    if (this.#ends.length >= this.#count + count) return;
    const ends = new Uint32Array(Math.max(this.#count + count, 2 * this.#count));
    ends.set(this.#ends.subarray(0, this.#count));
    this.#ends = ends;
  }
}

/** All of a buffer. */
export function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/**
 * Copies the bytes from `from` to before `to` of a source; both need `COPY_BYTES` of room behind them, and what stands there in `out` is lost.
 * A piece of a line is too short for a call of `copy` to pay.
 * @returns the place behind them in `out`.
 */
export function copyBytes(out: DataView, at: number, source: DataView, from: number, to: number): number {
  for (let i = from; i < to; i += COPY_BYTES)
    out.setBigUint64(at + i - from, source.getBigUint64(i, true), true);
  return at + to - from;
}
