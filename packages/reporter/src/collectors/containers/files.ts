/**
 * Reading the files of control groups. A container may end at any moment, a kernel may lack a controller, and a user may
 * not read what is another's: each costs the figures of that file and no more.
 */
import { readFileSync } from 'node:fs';
import { badLine, eachLine, errorCode, FormatError, numberIn } from '../source.ts';
import { isRefusal } from '../sysfs.ts';

/** The text of a file, or null when it is not there, not any more, or not for us. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // ESRCH: the process ended between opening and reading.
    if (isRefusal(error) || errorCode(error) === 'ESRCH') return null;
    throw error;
  }
}

/** `parse` of a file's text, with its path before the message of a FormatError; null as readIfThere. */
export function parseIfThere<T>(path: string, parse: (text: string) => T): T | null {
  const text = readIfThere(path);
  if (text === null) return null;
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`${path}: ${error.message}`, { cause: error });
  }
}

/** Lines of a key and a number: `memory.stat`, `cpu.stat`. */
export function parseKeyed(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  eachLine(text, (line) => {
    const space = line.indexOf(' ');
    if (space < 1) throw badLine('expected a key and a number', line);
    values.set(line.slice(0, space), numberIn(line.slice(space + 1), line));
  });
  return values;
}

/** The one number of a file; `max`, which stands for no limit, is infinite. */
export function parseAmount(text: string): number {
  const word = text.trim();
  return word === 'max' ? Number.POSITIVE_INFINITY : numberIn(word, word);
}

/** Lines that are not empty. */
export function countLines(text: string): number {
  let count = 0;
  eachLine(text, () => count++);
  return count;
}
