/** Numbers as the bytes of an exposition: what `valueText` and `stampText` write, without a string for each. */
import { type Format, stampText, valueText } from './format.ts';

/** The longest text of a double is 24 characters, of a time with its space and line end 25. */
export const NUMBER_BYTES_MAX = 32;

const ZERO = 48;
const MINUS = 45;
const DOT = 46;
const SPACE = 32;
const NEWLINE = 10;
/** Up to here a decimal of so many digits is the only one of its length that reads back as its double. */
const DIGITS_MAX = 1e15;
/** So many decimals a value may have, as far as that is no more digits than these. */
const DECIMALS_MAX = 6;
const SCALE_MAX = 1e6;
const HALF = 1e9;
/** The two digits of each number below a hundred. */
const PAIRS = Uint8Array.from(
  { length: 200 },
  (_, i) => ZERO + (Math.floor((i >> 1) / (i % 2 === 0 ? 10 : 1)) % 10),
);

/**
 * Writes a value as `valueText` does, in the shortest form that reads back as the same double.
 * @param out with room for `NUMBER_BYTES_MAX` behind `at`
 * @returns the place behind it.
 */
export function writeValue(out: Uint8Array, at: number, value: number): number {
  const size = Math.abs(value);
  // Neither NaN nor an infinity is.
  if (size >= 0 && size < DIGITS_MAX) {
    const from = value < 0 ? writeByte(out, at, MINUS) : at;
    if (Math.floor(size) === size) return writeWhole(out, from, size);
    let decimals = DECIMALS_MAX;
    let scale = SCALE_MAX;
    for (; size * scale >= DIGITS_MAX; scale /= 10) decimals--;
    const digits = Math.round(size * scale);
    // Both are exact, and division rounds correctly: so the decimal that is written reads back as the value.
    if (decimals > 0 && digits < DIGITS_MAX && digits / scale === size)
      return writeDecimal(out, from, digits, scale, decimals);
  }
  return writeAscii(out, at, valueText(value));
}

/**
 * Writes what stands behind a host's value, as `stampText` does.
 * @param out with room for `NUMBER_BYTES_MAX` behind `at`
 * @returns the place behind it.
 */
export function writeStamp(out: Uint8Array, at: number, time: number, format: Format): number {
  if (!(time >= 0 && time < DIGITS_MAX && Math.floor(time) === time))
    return writeAscii(out, at, stampText(time, format));
  const from = writeByte(out, at, SPACE);
  if (format === 'text') return writeByte(out, writeWhole(out, from, time), NEWLINE);
  const seconds = Math.floor(time / 1000);
  const dot = writeWhole(out, from, seconds);
  return writeByte(out, writePadded(out, writeByte(out, dot, DOT), time - seconds * 1000, 3), NEWLINE);
}

/** @param text no character beyond ASCII. */
function writeAscii(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function writeByte(out: Uint8Array, at: number, byte: number): number {
  out[at] = byte;
  return at + 1;
}

/** `digits / scale`, no whole number, without zeros at its end; `decimals` is how many the scale has. */
function writeDecimal(out: Uint8Array, at: number, digits: number, scale: number, decimals: number): number {
  const whole = Math.floor(digits / scale);
  const from = writeByte(out, writeWhole(out, at, whole), DOT);
  let end = writePadded(out, from, digits - whole * scale, decimals);
  while (out[end - 1] === ZERO) end--;
  return end;
}

/** @param whole a whole number below `DIGITS_MAX`. */
function writeWhole(out: Uint8Array, at: number, whole: number): number {
  if (whole < HALF) return writePadded(out, at, whole, digitsOf(whole));
  const high = Math.floor(whole / HALF);
  return writePadded(out, writePadded(out, at, high, digitsOf(high)), whole - high * HALF, 9);
}

/** @param whole a whole number below `HALF`; how many digits it has. */
function digitsOf(whole: number): number {
  if (whole < 10_000) return whole < 100 ? (whole < 10 ? 1 : 2) : whole < 1000 ? 3 : 4;
  if (whole < 1_000_000) return whole < 100_000 ? 5 : 6;
  return whole < 100_000_000 ? (whole < 10_000_000 ? 7 : 8) : 9;
}

/** @param whole a whole number of no more digits than `width` @param width it is filled up with zeros to so many, at most 9 */
function writePadded(out: Uint8Array, at: number, whole: number, width: number): number {
  let rest = whole | 0;
  let place = at + width;
  for (; place - at >= 2; place -= 2) {
    const hundreds = (rest / 100) | 0;
    const pair = (rest - hundreds * 100) * 2;
    out[place - 2] = PAIRS[pair] ?? 0;
    out[place - 1] = PAIRS[pair + 1] ?? 0;
    rest = hundreds;
  }
  if (place > at) out[at] = ZERO + rest;
  return at + width;
}
