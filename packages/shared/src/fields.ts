/**
 * Reads fields of a parsed JSON object that came from outside. Every reader names the field in its error and bounds
 * what it lets through; anything of the wrong type is a `BAD_FRAME`.
 */
import { RefuseError } from './errors.ts';
import { quote } from './names.ts';

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

/** Well-formed text of at most `charsMax` characters. */
export function readText(value: unknown, what: string, charsMax: number): string {
  if (typeof value !== 'string') throw badFrame(`${what} is ${describe(value)}: text is needed`);
  if (value.length > charsMax)
    throw badFrame(`${what} has ${value.length} characters: at most ${charsMax} are taken`);
  if (!value.isWellFormed()) throw badFrame(`${what} is not well-formed text`);
  return value;
}

/** A safe integer of at least `min`. */
export function readInteger(value: unknown, what: string, min: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
    throw badFrame(`${what} is ${describe(value)}: a whole number of at least ${min} is needed`);
  }
  return value;
}

const IDENTIFIER = /^[A-Za-z0-9._-]{1,64}$/;

/** An epoch or a run: a UUID, or anything as short and as plain. */
export function readIdentifier(value: unknown, what: string): string {
  if (typeof value !== 'string' || !IDENTIFIER.test(value)) {
    throw badFrame(`${what} is ${describe(value)}: 1 to 64 letters, digits, '.', '-' or '_' are needed`);
  }
  return value;
}

/** Parses a frame's text and its `kind`. */
export function parseFrame(text: string): { kind: string; fields: JsonObject } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw badFrame(`the frame is not JSON: ${(error as Error).message.slice(0, 120)}`);
  }
  const fields = readObject(parsed, 'the frame');
  return { kind: readText(fields['kind'], 'kind', 32), fields };
}
