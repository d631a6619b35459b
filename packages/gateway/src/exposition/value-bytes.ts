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
/** The last power of ten by which it is tried to make a whole number of a value. */
const SCALE_MAX = 1e6;
const HALF = 1e9;

/**
 * Writes a value as `valueText` does, in the shortest form that reads back as the same double.
 * @param out with room for `NUMBER_BYTES_MAX` behind `at`
 * @returns the place behind it.
 */
export function writeValue(out: Uint8Array, at: number, value: number): number {
  const size = Math.abs(value);
  // Neither NaN nor an infinity is.
  if (size < DIGITS_MAX) {
    if (Math.floor(size) === size) return writeDigits(out, value < 0 ? writeByte(out, at, MINUS) : at, size);
    for (let scale = 10; scale <= SCALE_MAX; scale *= 10) {
      const digits = Math.round(size * scale);
      if (digits >= DIGITS_MAX) break;
      // Both are exact, and division rounds correctly: so the decimal that is written reads back as the value.
      if (digits / scale !== size) continue;
      const from = value < 0 ? writeByte(out, at, MINUS) : at;
      return writeDecimal(out, from, digits, scale);
    }
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
  const end = format === 'openmetrics' ? writeDecimal(out, from, time, 1000) : writeDigits(out, from, time);
  return writeByte(out, end, NEWLINE);
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

/** `digits / scale` with as many decimals as the scale, a power of ten, has zeros. */
function writeDecimal(out: Uint8Array, at: number, digits: number, scale: number): number {
  const whole = Math.floor(digits / scale);
  let place = writeByte(out, writeDigits(out, at, whole), DOT);
  let rest = digits - whole * scale;
  for (let unit = scale / 10; unit >= 1; unit /= 10) {
    const digit = Math.floor(rest / unit);
    rest -= digit * unit;
    out[place++] = ZERO + digit;
  }
  return place;
}

/** @param whole a whole number below `DIGITS_MAX`. */
function writeDigits(out: Uint8Array, at: number, whole: number): number {
  if (whole < HALF) return writeSmall(out, at, whole, 1);
  const high = Math.floor(whole / HALF);
  return writeSmall(out, writeSmall(out, at, high, 1), whole - high * HALF, 9);
}

/** @param number of 32 bits @param width it is filled up with zeros to so many digits. */
function writeSmall(out: Uint8Array, at: number, number: number, width: number): number {
  let end = at + width;
  for (let limit = 10 ** width; limit <= number; limit *= 10) end++;
  let rest = number | 0;
  for (let place = end - 1; place >= at; place--) {
    const tens = (rest / 10) | 0;
    out[place] = ZERO + (rest - tens * 10);
    rest = tens;
  }
  return end;
}
