/**
 * Reads a batch straight from the bytes of its frame, as the encoder writes it: without a text, a tree of objects, or a
 * number that is boxed. What is written in any other way, be it right or wrong, is left to the general decoder, which is to come
 * to the same result wherever this one has one.
 *
 * Decimal numbers of at most 15 digits are a whole number below 2^53 and a power of ten below 10^22, both exact in a double, and
 * one division of these is rounded right (W. Clinger, "How to Read Floating Point Numbers Accurately", 1990). Longer ones, and
 * those with an exponent, go through `Number`.
 */
import type { Batch, Group } from './frames.ts';
import { GROUPS_PER_BATCH_MAX, SEQ_MAX, TIME_MS_MAX } from './limits.ts';

const HEAD = bytesOf('{"kind":"batch","seq":');
const AT = bytesOf(',"at":');
const GROUPS = bytesOf(',"groups":[');
const SHAPE = bytesOf('{"shape":');
const VALUES = bytesOf(',"values":[');
const NULL = bytesOf('null');
const NAN = bytesOf('"NaN"');
const PLUS_INF = bytesOf('"+Inf"');
const MINUS_INF = bytesOf('"-Inf"');

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const UPPER_E = 0x45;
const LOWER_E = 0x65;
const LOWER_N = 0x6e;
const BRACKET = 0x5d;
const BRACE = 0x7d;

const EXACT_DIGITS_MAX = 15;
const POWERS = Array.from({ length: EXACT_DIGITS_MAX + 1 }, (_, i) => 10 ** i);
/** A longer number is no encoder's. */
const NUMBER_CHARS_MAX = 40;

interface Place {
  readonly shape: number;
  readonly at: number;
  readonly begin: number;
  readonly end: number;
  readonly hasAbsent: boolean;
}

/** One batch's values while they are read; grows to the longest that came. A frame is read in one go, so all share it. */
let values = new Float64Array(4096);
let absent = new Uint8Array(4096);

/**
 * @param bytes of one text frame.
 * @param seriesMax the longest column that is taken.
 * @returns null for whatever is not written as the encoder writes it. Columns are views of one buffer, in the groups' order.
 */
export function decodeBatchBytes(bytes: Uint8Array, seriesMax: number): Batch | null {
  return new BatchReader(bytes, seriesMax).read();
}

class BatchReader {
  readonly #bytes: Uint8Array;
  readonly #seriesMax: number;
  #at = 0;
  /** Values so far. */
  #count = 0;

  constructor(bytes: Uint8Array, seriesMax: number) {
    this.#bytes = bytes;
    this.#seriesMax = seriesMax;
  }

  read(): Batch | null {
    if (!this.#skip(HEAD)) return null;
    const seq = this.#whole(1, SEQ_MAX);
    if (seq < 0 || !this.#skip(AT)) return null;
    const at = this.#whole(0, TIME_MS_MAX);
    if (at < 0 || !this.#skip(GROUPS)) return null;
    const places: Place[] = [];
    if (this.#bytes[this.#at] !== BRACKET) {
      do {
        const place = this.#group(at);
        if (place === null || places.push(place) > GROUPS_PER_BATCH_MAX) return null;
      } while (this.#take(COMMA));
    }
    if (!this.#take(BRACKET) || !this.#take(BRACE) || this.#at !== this.#bytes.length) return null;
    return { kind: 'batch', seq, at, groups: this.#groupsOf(places) };
  }

  #groupsOf(places: readonly Place[]): Group[] {
    const all = values.slice(0, this.#count);
    return places.map(({ shape, at, begin, end, hasAbsent }) => ({
      shape,
      at,
      column: { values: all.subarray(begin, end), absent: hasAbsent ? absent.slice(begin, end) : null },
      fault: null,
    }));
  }

  #group(batchAt: number): Place | null {
    if (!this.#skip(SHAPE)) return null;
    const shape = this.#whole(1, Number.MAX_SAFE_INTEGER);
    if (shape < 0) return null;
    const at = this.#skip(AT) ? this.#whole(0, batchAt) : batchAt;
    if (at < 0 || !this.#skip(VALUES)) return null;
    const begin = this.#count;
    let hasAbsent = false;
    if (this.#bytes[this.#at] !== BRACKET) {
      do {
        if (this.#count === values.length) grow();
        const byte = this.#bytes[this.#at];
        if (byte === LOWER_N) {
          if (!this.#skip(NULL)) return null;
          if (!hasAbsent) absent.fill(0, begin, this.#count);
          hasAbsent = true;
          values[this.#count] = 0;
          absent[this.#count++] = 1;
          continue;
        }
        const value = byte === QUOTE ? this.#word() : this.#number();
        if (value === null) return null;
        if (hasAbsent) absent[this.#count] = 0;
        values[this.#count++] = value;
      } while (this.#take(COMMA));
    }
    if (!this.#take(BRACKET) || !this.#take(BRACE) || this.#count - begin > this.#seriesMax) return null;
    return { shape, at, begin, end: this.#count, hasAbsent };
  }

  #word(): number | null {
    if (this.#skip(NAN)) return Number.NaN;
    if (this.#skip(PLUS_INF)) return Number.POSITIVE_INFINITY;
    return this.#skip(MINUS_INF) ? Number.NEGATIVE_INFINITY : null;
  }

  /** A whole number within bounds; -1 for anything else. */
  #whole(min: number, max: number): number {
    const from = this.#at;
    let number = 0;
    let byte = this.#bytes[this.#at] ?? 0;
    while (byte >= ZERO && byte <= ZERO + 9) {
      number = number * 10 + (byte - ZERO);
      byte = this.#bytes[++this.#at] ?? 0;
    }
    const digits = this.#at - from;
    if (digits === 0 || digits > EXACT_DIGITS_MAX || (digits > 1 && this.#bytes[from] === ZERO)) return -1;
    return number >= min && number <= max ? number : -1;
  }

  /** The hot loop of the gateway. */
  #number(): number | null {
    const bytes = this.#bytes;
    let at = this.#at;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    const from = at;
    let mantissa = 0;
    let byte = bytes[at] as number;
    while (byte >= ZERO && byte <= ZERO + 9) {
      mantissa = mantissa * 10 + (byte - ZERO);
      byte = bytes[++at] as number;
    }
    let digits = at - from;
    if (digits === 0 || (digits > 1 && bytes[from] === ZERO)) return null;
    let decimals = 0;
    if (byte === POINT) {
      const point = at;
      byte = bytes[++at] as number;
      while (byte >= ZERO && byte <= ZERO + 9) {
        mantissa = mantissa * 10 + (byte - ZERO);
        byte = bytes[++at] as number;
      }
      decimals = at - point - 1;
      if (decimals === 0) return null;
      digits += decimals;
    }
    if (digits > EXACT_DIGITS_MAX || byte === LOWER_E || byte === UPPER_E) return this.#longNumber();
    this.#at = at;
    const value = decimals === 0 ? mantissa : mantissa / (POWERS[decimals] as number);
    return isNegative ? -value : value;
  }

  /** Its syntax was looked at up to its exponent. */
  #longNumber(): number | null {
    let end = this.#at;
    while (isOfNumber(this.#bytes[end] ?? 0)) end++;
    if (end - this.#at > NUMBER_CHARS_MAX) return null;
    let text = '';
    for (let i = this.#at; i < end; i++) text += String.fromCharCode(this.#bytes[i] ?? 0);
    const value = Number(text);
    this.#at = end;
    return Number.isFinite(value) ? value : null;
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #skip(wanted: Uint8Array): boolean {
    for (let i = 0; i < wanted.length; i++) if (this.#bytes[this.#at + i] !== wanted[i]) return false;
    this.#at += wanted.length;
    return true;
  }
}

function isOfNumber(byte: number): boolean {
  if (byte >= ZERO && byte <= ZERO + 9) return true;
  return byte === MINUS || byte === PLUS || byte === POINT || byte === LOWER_E || byte === UPPER_E;
}

function grow(): void {
  const [moreValues, moreAbsent] = [new Float64Array(values.length * 2), new Uint8Array(values.length * 2)];
  moreValues.set(values);
  moreAbsent.set(absent);
  values = moreValues;
  absent = moreAbsent;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
