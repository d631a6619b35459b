/** Whole numbers and texts as bytes: LEB128 varints, signed ones in zigzag. Reading never goes beyond the end. */

const text = { encoder: new TextEncoder(), decoder: new TextDecoder('utf-8', { fatal: true }) };
/** 7 bits a byte: enough for every whole number that a double holds exactly. */
const VARINT_BYTES_MAX = 8;

export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** @param value a whole number, at least 0. @throws Error when it is not. */
  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${value} is no whole number from 0 on`);
    const bytes = this.#room(VARINT_BYTES_MAX);
    let rest = value;
    while (rest >= 0x80) {
      bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[this.#length++] = rest;
  }

  /** @param value a whole number, not beyond 2^52 either way. */
  int(value: number): void {
    if (!Number.isInteger(value)) throw new Error(`${value} is no whole number`);
    this.uint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  text(value: string): void {
    const encoded = text.encoder.encode(value);
    this.uint(encoded.length);
    this.#room(encoded.length).set(encoded, this.#length);
    this.#length += encoded.length;
  }

  /** What was written. */
  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #room(count: number): Uint8Array<ArrayBuffer> {
    if (this.#length + count > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.#length + count));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** @throws Error as all of these do, when the bytes are not what they should be. */
  uint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined) throw new Error('ends within a number');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new Error('a number is too long');
  }

  int(): number {
    const value = this.uint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A number of things that take up at least a byte each, so that a damaged one cannot ask for more room than there is. */
  count(): number {
    const count = this.uint();
    if (count > this.left) throw new Error(`counts ${count} things in ${this.left} bytes`);
    return count;
  }

  text(): string {
    const length = this.count();
    this.#offset += length;
    return text.decoder.decode(this.#bytes.subarray(this.#offset - length, this.#offset));
  }
}
