/**
 * The values of one shape over a run of batches, turned so that each series stands in a row, and each row as the
 * differences of its neighbours, of which little is left: most series do not change, most others are whole numbers or
 * decimals that change by little.
 *
 * Bytes of a panel of R columns and S series, before they are compressed:
 *
 *     S × u8    how the series is written: 0 constant; 1 XOR; 2 + e whole numbers of 10^-e. Plus 16 × the bytes a difference
 *     S × f64   its first value
 *     for each series that is not constant, for each byte of a difference from the lowest on: R - 1 of them
 *     for each column that says which values are absent: S bits, of the change against the one before, the lowest first
 *
 * An absent value is written like its neighbour, and read as 0. Every NaN is read as the same one.
 *
 * Indexes here are within their arrays by the loops that they come from, which the type checker cannot see: hence the
 * casts, which cost nothing where every value of every host passes.
 */
import type { Column } from '@tributary/shared/column';
import type { ReadColumn } from './codec.ts';

const CONSTANT = 0;
const XOR = 1;
const DECIMAL = 2;
const MODE_BITS = 4;
/** Decimals down to nanoseconds. */
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;
/** Twice the difference of two such numbers is still exact in a double. */
const WHOLE_MAX = 2 ** 51;
const WORD = 2 ** 32;

/** What is known of a panel beside its bytes. */
export interface PanelSize {
  readonly series: number;
  /** For each column, whether it says which values are absent. */
  readonly flags: readonly boolean[];
}

/** The most bytes that a panel can have. */
export function panelBytesMax({ series, flags }: PanelSize): number {
  const bitmaps = flags.filter((flag) => flag).length * Math.ceil(series / 8);
  return series * (1 + 8 + 8 * Math.max(0, flags.length - 1)) + bitmaps;
}

/** One series at a time: its values, their bits, and the differences as two words each. */
class Run {
  readonly values: Float64Array<ArrayBuffer>;
  readonly bits: Uint32Array<ArrayBuffer>;
  readonly wholes: Float64Array<ArrayBuffer>;
  readonly low: Uint32Array<ArrayBuffer>;
  readonly high: Uint32Array<ArrayBuffer>;

  constructor(length: number) {
    this.values = new Float64Array(length);
    this.bits = new Uint32Array(this.values.buffer);
    this.wholes = new Float64Array(length);
    this.low = new Uint32Array(length);
    this.high = new Uint32Array(length);
  }
}

/**
 * Writes a panel.
 * @param columns all of the same length, at least one.
 * @param offset where it begins in `bytes`, which has room for `panelBytesMax`.
 * @returns where it ends.
 */
export function writePanel(
  columns: readonly Column[],
  bytes: Uint8Array<ArrayBuffer>,
  offset: number,
): number {
  const series = columns[0]?.values.length ?? 0;
  const turned = turn(columns, series);
  const run = new Run(columns.length);
  const firsts = new DataView(bytes.buffer, bytes.byteOffset + offset + series, series * 8);
  let end = offset + series * 9;
  for (let s = 0; s < series; s++) {
    run.values.set(turned.subarray(s * columns.length, (s + 1) * columns.length));
    firsts.setFloat64(s * 8, run.values[0] ?? 0, true);
    const mode = difference(run);
    const width = mode === CONSTANT ? 0 : widthOf(run);
    bytes[offset + s] = mode + (width << MODE_BITS);
    end = writePlanes(run, width, bytes, end);
  }
  return writeBitmaps(columns, series, bytes, end);
}

/** Series after series; absent values like the one before them, or like the first one that is there. */
function turn(columns: readonly Column[], series: number): Float64Array {
  const length = columns.length;
  const turned = new Float64Array(series * length);
  for (let c = 0; c < length; c++) {
    const { values } = columns[c] as Column;
    for (let s = 0, to = c; s < series; s++, to += length) turned[to] = values[s] as number;
  }
  if (columns.every(({ absent }) => absent === null)) return turned;
  for (let s = 0; s < series; s++) {
    let last = 0;
    const isAbsent = (c: number) => columns[c]?.absent?.[s] === 1;
    for (let c = 0; c < length; c++) {
      if (isAbsent(c)) continue;
      last = turned[s * length + c] as number;
      break;
    }
    for (let c = 0; c < length; c++) {
      if (isAbsent(c)) turned[s * length + c] = last;
      else last = turned[s * length + c] as number;
    }
  }
  return turned;
}

/** Finds the differences of a run's neighbours. @returns how they are written. */
function difference(run: Run): number {
  const { bits, values } = run;
  const low = bits[0];
  const high = bits[1];
  let i = 2;
  while (i < bits.length && bits[i] === low && bits[i + 1] === high) i += 2;
  if (i >= bits.length) return CONSTANT;
  const power = powerOf(values);
  if (power !== null) {
    differDecimals(run, POWERS[power] as number);
    return DECIMAL + power;
  }
  for (let at = 1; at < values.length; at++) {
    run.low[at] = (bits[2 * at] as number) ^ (bits[2 * at - 2] as number);
    run.high[at] = (bits[2 * at + 1] as number) ^ (bits[2 * at - 1] as number);
  }
  return XOR;
}

/** The least e for which all values are whole numbers of 10^-e, and come back as they were; null for none. */
function powerOf(values: Float64Array): number | null {
  let power = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    while (!isDecimal(value, POWERS[power] as number)) {
      power++;
      // What was a whole number of a larger unit is one of this unit, unless it is too many of them.
      if (power === POWERS.length) return null;
    }
  }
  const scale = POWERS[power] as number;
  return power === 0 || values.every((value) => isDecimal(value, scale)) ? power : null;
}

function isDecimal(value: number, scale: number): boolean {
  const whole = Math.round(value * scale);
  // Not true for NaN either. -0 would come back as 0.
  return Math.abs(whole) <= WHOLE_MAX && whole / scale === value && (whole !== 0 || 1 / value > 0);
}

function differDecimals({ values, low, high }: Run, scale: number): void {
  let before = Math.round((values[0] as number) * scale);
  for (let i = 1; i < values.length; i++) {
    const whole = Math.round((values[i] as number) * scale);
    const delta = whole - before;
    before = whole;
    const zigzag = delta < 0 ? -2 * delta - 1 : 2 * delta;
    low[i] = zigzag % WORD;
    high[i] = zigzag / WORD;
  }
}

/** How many bytes the largest difference has. */
function widthOf({ low, high }: Run): number {
  let lows = 0;
  let highs = 0;
  for (let i = 1; i < low.length; i++) {
    lows |= low[i] as number;
    highs |= high[i] as number;
  }
  return highs === 0 ? 4 - (Math.clz32(lows) >> 3) : 8 - (Math.clz32(highs) >> 3);
}

function writePlanes({ low, high }: Run, width: number, bytes: Uint8Array, offset: number): number {
  let to = offset;
  for (let plane = 0; plane < width; plane++) {
    const words = plane < 4 ? low : high;
    const shift = (plane & 3) * 8;
    for (let i = 1; i < words.length; i++) bytes[to++] = (words[i] as number) >>> shift;
  }
  return to;
}

function writeBitmaps(columns: readonly Column[], series: number, bytes: Uint8Array, offset: number): number {
  let to = offset;
  let before: Uint8Array | null = null;
  for (const { absent } of columns) {
    if (absent === null) continue;
    bytes.fill(0, to, to + Math.ceil(series / 8));
    for (let s = 0; s < series; s++) {
      const bit = (absent[s] as number) ^ (before?.[s] ?? 0);
      bytes[to + (s >> 3)] = (bytes[to + (s >> 3)] as number) | (bit << (s & 7));
    }
    before = absent;
    to += Math.ceil(series / 8);
  }
  return to;
}

/** A panel read back, and where it ends. */
export interface ReadPanel {
  readonly columns: readonly ReadColumn[];
  readonly end: number;
}

/** @throws Error when the bytes are no panel of this size. */
export function readPanel({ series, flags }: PanelSize, bytes: Uint8Array, offset: number): ReadPanel {
  const length = flags.length;
  if (offset + series * 9 > bytes.length) throw new Error('ends within a panel');
  const firsts = new DataView(bytes.buffer, bytes.byteOffset + offset + series, series * 8);
  const values = new Float64Array(series * length);
  const run = new Run(length);
  let end = offset + series * 9;
  for (let s = 0; s < series; s++) {
    const mode = (bytes[offset + s] as number) & ((1 << MODE_BITS) - 1);
    const width = (bytes[offset + s] as number) >> MODE_BITS;
    if (mode >= DECIMAL + POWERS.length || width > 8)
      throw new Error(`series ${s} is written in no known way`);
    const from = end;
    end += width * Math.max(0, length - 1);
    if (end > bytes.length) throw new Error('ends within a series');
    run.values[0] = firsts.getFloat64(s * 8, true);
    readPlanes(run, width, bytes, from);
    addUp(run, mode);
    for (let c = 0, to = s; c < length; c++, to += series) values[to] = run.values[c] as number;
  }
  return readBitmaps({ series, flags }, values, bytes, end);
}

function readPlanes({ low, high }: Run, width: number, bytes: Uint8Array, offset: number): void {
  low.fill(0);
  high.fill(0);
  let from = offset;
  for (let plane = 0; plane < width; plane++) {
    const words = plane < 4 ? low : high;
    const shift = (plane & 3) * 8;
    for (let i = 1; i < words.length; i++)
      words[i] = (words[i] as number) | ((bytes[from++] as number) << shift);
  }
}

/** From the first value and the differences to all values. */
function addUp({ values, bits, low, high }: Run, mode: number): void {
  if (mode === CONSTANT) {
    values.fill(values[0] as number);
    return;
  }
  if (mode === XOR) {
    for (let i = 1; i < values.length; i++) {
      bits[2 * i] = (bits[2 * i - 2] as number) ^ (low[i] as number);
      bits[2 * i + 1] = (bits[2 * i - 1] as number) ^ (high[i] as number);
    }
    return;
  }
  const scale = POWERS[mode - DECIMAL] as number;
  let whole = Math.round((values[0] as number) * scale);
  for (let i = 1; i < values.length; i++) {
    const zigzag = (high[i] as number) * WORD + (low[i] as number);
    whole += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    values[i] = whole / scale;
  }
}

function readBitmaps(
  size: PanelSize,
  values: Float64Array<ArrayBuffer>,
  bytes: Uint8Array,
  offset: number,
): ReadPanel {
  const { series, flags } = size;
  let end = offset;
  let before: Uint8Array | null = null;
  const columns = flags.map((isFlagged, c): ReadColumn => {
    const column = values.subarray(c * series, (c + 1) * series);
    if (!isFlagged) return { values: column, absent: null };
    const absent = new Uint8Array(series);
    if (end + Math.ceil(series / 8) > bytes.length) throw new Error('ends within a bitmap');
    for (let s = 0; s < series; s++) {
      absent[s] = (((bytes[end + (s >> 3)] as number) >> (s & 7)) & 1) ^ (before?.[s] ?? 0);
      if (absent[s] === 1) column[s] = 0;
    }
    before = absent;
    end += Math.ceil(series / 8);
    return { values: column, absent };
  });
  return { columns, end };
}
