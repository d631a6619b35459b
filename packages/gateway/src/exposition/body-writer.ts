/**
 * Where a body is put together, byte by byte. Lines share nearly all that they are made of, so their parts are encoded once and
 * then copied; strings would cost several objects a line, all of which would be taken apart again to be sent.
 */
import type { BodyBuffers } from './body-buffers.ts';
import { BYTES_PER_CHAR_MAX, EncodedTexts } from './encoded-texts.ts';
import type { Format } from './format.ts';
import type { HostPoints, Point } from './input.ts';
import type { Lines } from './lines.ts';
import { NUMBER_BYTES_MAX, writeStamp, writeValue } from './value-bytes.ts';

/** Of the first buffer: a body of one host is not much larger. */
const BUFFER_BYTES = 32 * 1024;
/** Later ones are as large as the one before, but for one odd piece that needed more: a chunk and the piece that ends it have room. */
const BUFFER_BYTES_MAX = 512 * 1024;
const NOTHING = Buffer.alloc(0);

export class BodyWriter {
  readonly #format: Format;
  readonly #buffers: BodyBuffers;
  /** None until something is written. */
  #buffer: Buffer = NOTHING;
  #bufferBytes = BUFFER_BYTES;
  #length = 0;
  #header = '';
  /** Of which lines all prefixes are encoded. */
  #lines: Lines | null = null;
  readonly #prefixes = new EncodedTexts();
  /** Of others, those that were written last. */
  #some: { readonly lines: Lines; readonly from: number; readonly to: number } | null = null;
  readonly #somePrefixes = new EncodedTexts();
  #target: string | null = null;
  readonly #targetBytes = new EncodedTexts();
  readonly #stamp = new Uint8Array(NUMBER_BYTES_MAX);

  constructor(format: Format, buffers: BodyBuffers) {
    this.#format = format;
    this.#buffers = buffers;
  }

  /** Bytes that were written and not taken. */
  get length(): number {
    return this.#length;
  }

  /** What stands before whatever is written next, and is not written if nothing is. */
  begin(header: string): void {
    this.#header = header;
  }

  /** Points of many hosts will have these lines. */
  use(lines: Lines): void {
    if (this.#lines === lines) return;
    this.#lines = lines;
    this.#prefixes.encode(lines.prefixes);
  }

  text(text: string): void {
    if (text === '') return;
    if (this.#header !== '') this.#write(this.#header);
    this.#header = '';
    this.#write(text);
  }

  /** Writes the lines `from` to before `to` of one point, as far as it has them and does not hide them. */
  point(lines: Lines, { target }: HostPoints, point: Point, from: number, to: number): void {
    const isEncoded = this.#lines === lines;
    const prefixes = isEncoded ? this.#prefixes : this.#encodeSome(lines, from, to);
    if (this.#target !== target) {
      this.#target = target;
      this.#targetBytes.encode([target]);
    }
    const header = this.#header;
    const before = this.#length;
    if (header !== '') this.#write(header);
    const mark = this.#length;
    this.#lineBytes(prefixes, isEncoded ? 0 : from, lines, point, from, to);
    if (header === '') return;
    // Nothing of it is shown: it is for the next one.
    if (this.#length === mark) this.#length = before;
    else this.#header = '';
  }

  /** Everything that was written since the last time: a view of a buffer, from its beginning on. */
  take(): Buffer {
    if (this.#length === 0) return NOTHING;
    const taken = this.#buffer.subarray(0, this.#length);
    this.#bufferBytes = Math.min(this.#buffer.length, BUFFER_BYTES_MAX);
    this.#buffer = NOTHING;
    this.#length = 0;
    return taken;
  }

  /** One metric's lines, mostly for many points one after another. */
  #encodeSome(lines: Lines, from: number, to: number): EncodedTexts {
    const some = this.#some;
    if (some?.lines !== lines || some.from !== from || some.to !== to) {
      this.#some = { lines, from, to };
      this.#somePrefixes.encode(lines.prefixes.slice(from, to));
    }
    return this.#somePrefixes;
  }

  /** @param base the place of the first line whose prefix is encoded. */
  #lineBytes(
    { bytes: prefixes, ends }: EncodedTexts,
    base: number,
    { indexes }: Lines,
    { at, column: { values, absent }, hidden }: Point,
    from: number,
    to: number,
  ): void {
    const { bytes: target, length: targetLength } = this.#targetBytes;
    const stamp = this.#stamp;
    const stampLength = writeStamp(stamp, 0, at, this.#format);
    let start = from === base ? 0 : (ends[from - base - 1] ?? 0);
    const size = (to === base ? 0 : (ends[to - base - 1] ?? 0)) - start;
    this.#reserve(size + (to - from) * (targetLength + stampLength + NUMBER_BYTES_MAX));
    const out = this.#buffer;
    let place = this.#length;
    for (let k = from; k < to; k++) {
      const end = ends[k - base] ?? 0;
      const index = indexes[k] ?? 0;
      if ((absent !== null && absent[index] === 1) || (hidden !== null && hidden[index] === 1)) {
        start = end;
        continue;
      }
      while (start < end) out[place++] = prefixes[start++] ?? 0;
      for (let i = 0; i < targetLength; i++) out[place++] = target[i] ?? 0;
      place = writeValue(out, place, values[index] ?? Number.NaN);
      for (let i = 0; i < stampLength; i++) out[place++] = stamp[i] ?? 0;
    }
    this.#length = place;
  }

  #write(text: string): void {
    this.#reserve(text.length * BYTES_PER_CHAR_MAX);
    this.#length += this.#buffer.write(text, this.#length, 'utf8');
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = this.#buffers.take(Math.max(needed, this.#bufferBytes, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffers.give(this.#buffer);
    this.#buffer = larger;
  }
}
