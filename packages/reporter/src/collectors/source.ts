/**
 * Reading the kernel's text files, apart from parsing them.
 *
 * Reads are synchronous on purpose: `/proc` and `/sys` are memory, a read takes microseconds, and a detour through
 * the thread pool would cost several times the read. Nothing that can block (statfs of a mount) may be done this way.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { unlessAbsent } from './absent.ts';
import { NoDataError } from './collector.ts';

/** A line that is not what its file should hold. `parseFile` puts the file's name before it. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** Says what is wrong with `line`, and shows it; cut, because a garbled file can hold one endless line. */
export function badLine(reason: string, line: string): FormatError {
  const shown = line.length > 120 ? `${line.slice(0, 120)}…` : line;
  return new FormatError(`${reason}: ${JSON.stringify(shown)}`);
}

/**
 * Reads `path` and parses it.
 * @throws the system's error with the path in its message, or FormatError with the path and the line.
 */
export function parseFile<T>(path: string, parse: (text: string) => T): T {
  return parseText(path, readFileSync(path, 'utf8'), parse);
}

/** As parseFile, but with the text trimmed, and null for a file that this kernel or device does not have. */
export function parseOptional<T>(path: string, parse: (text: string) => T): T | null {
  const text = readOptional(path);
  return text === null ? null : parseText(path, text, parse);
}

/**
 * As parseFile, for the one file that a collector is about.
 * @throws NoDataError when this kernel does not have it.
 */
export function parseOrNoData<T>(path: string, parse: (text: string) => T): T {
  const text = readOptional(path);
  if (text === null) throw new NoDataError(`there is no ${path}`);
  return parseText(path, text, parse);
}

function parseText<T>(path: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`${path}: ${error.message}`, { cause: error });
  }
}

const readUtf8 = (path: string): string => readFileSync(path, 'utf8');

const sortedNames = (path: string): string[] => readdirSync(path).sort();

/** The trimmed text of a file that not every kernel or device has, or null. */
export function readOptional(path: string): string | null {
  try {
    return unlessAbsent(path, readUtf8)?.trim() ?? null;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** The names in a folder, sorted, or none when this kernel does not have it. */
export function namesIn(path: string): string[] {
  try {
    return unlessAbsent(path, sortedNames) ?? [];
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** Whether `error` says that something is not there, or that this device does not support being asked. */
export function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL' || code === 'EOPNOTSUPP' || code === 'ENODEV'
  );
}

/** The `code` of a system error, else undefined. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Calls `visit` with every line that is not empty. */
export function eachLine(text: string, visit: (line: string) => void): void {
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    if (end > start) visit(text.slice(start, end));
    start = end + 1;
  }
}

const SPACE = 32;
const TAB = 9;

/** The words of a line, separated by any number of spaces and tabs. */
export function words(line: string): string[] {
  const found: string[] = [];
  let start = -1;
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code === SPACE || code === TAB) {
      if (start >= 0) found.push(line.slice(start, i));
      start = -1;
    } else if (start < 0) {
      start = i;
    }
  }
  if (start >= 0) found.push(line.slice(start));
  return found;
}

/**
 * The number that a word spells.
 * @param line only for the error.
 */
export function numberIn(word: string | undefined, line: string): number {
  const value = word === undefined || word === '' ? Number.NaN : Number(word);
  if (Number.isNaN(value))
    throw badLine(word === undefined ? 'too few fields' : `${word} is no number`, line);
  return value;
}

/**
 * The whole number that a word spells in hexadecimal digits, as most tables below `/proc/net` do.
 * @param line only for the error.
 */
export function hexIn(word: string | undefined, line: string): number {
  if (word === undefined) throw badLine('too few fields', line);
  if (!/^[\da-f]+$/i.test(word)) throw badLine(`${word} is no hexadecimal number`, line);
  return Number.parseInt(word, 16);
}

/** The number that a file of nothing else holds. */
export function parseNumber(text: string): number {
  return numberIn(text, text);
}
