/**
 * Reads fields of a parsed JSON object that came from outside. Every reader names the field in its error and bounds
 * what it lets through; anything of the wrong type is a `BAD_FRAME`. Callers read an optional field as
 * `fields['x'] ?? fallback`: null says the same as leaving it out, for some languages cannot leave out.
 */
import { RefuseError } from './errors.ts';
import { SEQ_MAX, TIME_MS_MAX, TOKEN_CHARS_MAX } from './limits.ts';
import { printable, quote } from './names.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function badFrame(message: string): RefuseError {
  return new RefuseError('BAD_FRAME', message);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How a wrong value is shown to the person who has to find it. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return quote(value, 40);
  if (Array.isArray(value)) return 'an array';
  if (isObject(value)) return 'an object';
  return String(value);
}

export function readObject(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw badFrame(`${what} is ${describe(value)}: an object is needed`);
  return value;
}

/** An array of at most `lengthMax` items; the items are still unknown. */
export function readArray(value: unknown, what: string, lengthMax: number): readonly unknown[] {
  if (!Array.isArray(value)) throw badFrame(`${what} is ${describe(value)}: an array is needed`);
  if (value.length > lengthMax)
    throw badFrame(`${what} has ${value.length} items: at most ${lengthMax} are taken`);
  return value;
}

/** A string of any content and length, for what is judged later. */
export function readString(value: unknown, what: string): string {
  if (typeof value !== 'string') throw badFrame(`${what} is ${describe(value)}: text is needed`);
  return value;
}

/**
 * Text of at most `charsMax` characters that may go wherever text goes: well-formed, so that it can be UTF-8, and
 * without NUL, which ends a whole exposition for Prometheus's parser.
 */
export function readText(value: unknown, what: string, charsMax: number): string {
  const text = readString(value, what);
  if (text.length > charsMax)
    throw badFrame(`${what} has ${text.length} characters: at most ${charsMax} are taken`);
  if (!text.isWellFormed()) throw badFrame(`${what} is not well-formed text`);
  if (text.includes('\0')) throw badFrame(`${what} has a NUL in it`);
  return text;
}

/** An integer between `min` and `max`, both inclusive; never more than what a double holds exactly. */
export function readInteger(
  value: unknown,
  what: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min) {
    throw badFrame(`${what} is ${describe(value)}: a whole number of at least ${min} is needed`);
  }
  if (value > max) throw badFrame(`${what} is ${value}: at most ${max} is taken`);
  // -0 is a whole number too, but other bits than 0, and what is hashed are bits.
  return value + 0;
}

export function readSeq(value: unknown, what: string, min = 1): number {
  return readInteger(value, what, min, SEQ_MAX);
}

/** A moment in ms since 1970. */
export function readTime(value: unknown, what: string): number {
  return readInteger(value, what, 0, TIME_MS_MAX);
}

const IDENTIFIER = /^[A-Za-z0-9._-]{1,64}$/;

/** An epoch or a run: a UUID, or anything as short and as plain. */
export function readIdentifier(value: unknown, what: string): string {
  if (typeof value !== 'string' || !IDENTIFIER.test(value)) {
    throw badFrame(`${what} is ${describe(value)}: 1 to 64 letters, digits, '.', '-' or '_' are needed`);
  }
  return value;
}

const TOKEN = new RegExp(`^[!-~]{1,${TOKEN_CHARS_MAX}}$`);

/** True for what may stand behind `Bearer` in a header: 1 to 512 characters of visible ASCII. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** A token. A wrong one is not shown: it may be a right one but for a character. */
export function readToken(value: unknown, what: string): string {
  if (typeof value === 'string' && isToken(value)) return value;
  const given = typeof value === 'string' ? `text of ${value.length} characters` : describe(value);
  throw badFrame(`${what} is ${given}: 1 to ${TOKEN_CHARS_MAX} characters of visible ASCII are needed`);
}

/**
 * A frame of 1 MiB holds fewer, whatever it says: series need 14 characters each. `JSON.parse` takes up to 0.3 s for as many
 * within each other as fit, hundreds of times what it takes for these.
 */
const OPENINGS_MAX = 128 * 1024;

function hasMoreThan(countMax: number, character: string, text: string): boolean {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) {
    if (++count > countMax) return true;
  }
  return false;
}

/** Parses a frame's text and its `kind`. */
export function parseFrame(text: string): { kind: string; fields: JsonObject } {
  if (hasMoreThan(OPENINGS_MAX, '[', text)) {
    throw badFrame(`the frame has more than ${OPENINGS_MAX} opening brackets`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    // V8 quotes the text, raw and cut anywhere, even within a character.
    throw badFrame(`the frame is not JSON: ${printable((error as Error).message.slice(0, 120))}`);
  }
  const fields = readObject(parsed, 'the frame');
  return { kind: readText(fields['kind'], 'kind', 32), fields };
}
