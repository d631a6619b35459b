/**
 * Where a body is put together, byte by byte. Lines share nearly all that they are made of, so their parts are encoded once and
 * then copied; strings would cost several objects a line, all of which would be taken apart again to be sent.
 */
import type { BodyBuffers } from './body-buffers.ts';
import { BYTES_PER_CHAR_MAX, COPY_BYTES, copyBytes, EncodedTexts, viewOf } from './encoded-texts.ts';
import type { Format } from './format.ts';
import type { Lines } from './lines.ts';
import type { HostRows, Rows } from './rows.ts';
import { NUMBER_BYTES_MAX, writeStamp, writeValue } from './value-bytes.ts';

/** Of the first buffer: a body of one host is not much larger. */
const BUFFER_BYTES = 32 * 1024;
/** Later ones are as large as the one before, but for one odd piece that needed more: a chunk and the piece that ends it have room. */
const BUFFER_BYTES_MAX = 1024 * 1024;
const NOTHING = Buffer.alloc(0);
const NO_VIEW = viewOf(NOTHING);

/** What is not shown of a point, as in `Point`. */
interface Missing {
  readonly absent: Uint8Array | null;
  readonly hidden: Uint8Array | null;
}

const WHOLE: Missing = { absent: null, hidden: null };

export class BodyWriter {
  readonly #format: Format;
  readonly #buffers: BodyBuffers;
  readonly #rows: Rows;
  /** None until something is written. */
  #buffer: Buffer = NOTHING;
  /** Of the same bytes. */
  #view = NO_VIEW;
  #bufferBytes = BUFFER_BYTES;
  #length = 0;
  #header = '';
  /** Of which lines all prefixes are encoded. */
  #lines: Lines | null = null;
  readonly #prefixes = new EncodedTexts();
  /** Of others, those that were written last. */
  #some: { readonly lines: Lines; readonly from: number; readonly to: number } | null = null;
  readonly #somePrefixes = new EncodedTexts();
  /** Whose points are written, and its rows. */
  #shape = 0;
  #host = 0;
  #own: HostRows | null = null;
  readonly #stamp = new Uint8Array(NUMBER_BYTES_MAX + COPY_BYTES);
  readonly #stampView = new DataView(this.#stamp.buffer);

  constructor(format: Format, buffers: BodyBuffers, rows: Rows) {
    this.#format = format;
    this.#buffers = buffers;
    this.#rows = rows;
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

  /** Whose points come next: by places, as in `Rows`. @returns how many it has */
  host(shape: number, host: number): number {
    this.#shape = shape;
    this.#host = host;
    this.#own = this.#rows.of(shape, host);
    return this.#own.points;
  }

  text(text: string): void {
    if (text === '') return;
    if (this.#header !== '') this.#write(this.#header);
    this.#header = '';
    this.#write(text);
  }

  /** Writes the lines `from` to before `to` of a point of the host, as far as it has them and does not hide them. */
  point(lines: Lines, point: number, from: number, to: number): void {
    const isEncoded = this.#lines === lines;
    const prefixes = isEncoded ? this.#prefixes : this.#encodeSome(lines, from, to);
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
    this.#view = NO_VIEW;
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
    prefixes: EncodedTexts,
    base: number,
    { indexes }: Lines,
    point: number,
    from: number,
    to: number,
  ): void {
    const own = this.#own;
    if (own === null) throw new Error('points of no host');
    const { page, targetStart, targetEnd } = own;
    const { bytes: targets } = this.#rows.targets;
    const { absent, hidden } = own.isWhole ? WHOLE : this.#missing(point);
    const row = own.offset + point * own.length;
    const stampEnd = writeStamp(this.#stamp, 0, page[row] ?? Number.NaN, this.#format);
    let start = prefixes.start(from - base);
    const size = prefixes.end(to - base - 1) - start;
    this.#reserve(size + (to - from) * (targetEnd - targetStart + stampEnd + NUMBER_BYTES_MAX) + COPY_BYTES);
    const out = this.#buffer;
    const view = this.#view;
    let place = this.#length;
    for (let k = from; k < to; k++) {
      const end = prefixes.end(k - base);
      const index = indexes[k] ?? 0;
      const isShown = !(absent !== null && absent[index] === 1) && !(hidden !== null && hidden[index] === 1);
      if (isShown) {
        place = copyBytes(view, place, prefixes.bytes, start, end);
        place = copyBytes(view, place, targets, targetStart, targetEnd);
        place = writeValue(out, place, page[row + 1 + index] ?? Number.NaN);
        place = copyBytes(view, place, this.#stampView, 0, stampEnd);
      }
      start = end;
    }
    this.#length = place;
  }

  #missing(point: number): Missing {
    const known = this.#rows.point(this.#shape, this.#host, point);
    return known === undefined ? WHOLE : { absent: known.column.absent, hidden: known.hidden };
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
    this.#view = viewOf(larger);
  }
}
