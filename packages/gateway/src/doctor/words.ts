/** How the doctor writes numbers, times and lists. */
import { printable } from '@tributary/shared/names';
import { redact } from '@tributary/shared/redact';
import { formatDuration } from '@tributary/shared/units';

const NAMED_MAX = 5;
const SAID_CHARS_MAX = 300;

/** The first few by name, the others counted: a fleet may have thousands. */
export function names(all: readonly string[], max = NAMED_MAX): string {
  const named = all.slice(0, max).join(', ');
  return all.length > max ? `${named} and ${all.length - max} more` : named;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Rounded to what matters: seconds, and minutes of what is longer than two hours. */
export function duration(ms: number): string {
  const step = Math.abs(ms) >= 2 * 3_600_000 ? 60_000 : 1000;
  return formatDuration(Math.max(0, Math.round(Math.abs(ms) / step) * step));
}

export function bytes(number: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let rest = number;
  let unit = 0;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    unit++;
  }
  const digits = unit === 0 || rest >= 100 || Number.isInteger(rest) ? 0 : 1;
  return `${rest.toFixed(digits)} ${units[unit]}`;
}

/** What somebody else says: on one line, not endless, and without credentials. */
export function said(text: string): string {
  const line = printable(redact(text).replaceAll(/\s+/g, ' ').trim());
  return line.length > SAID_CHARS_MAX ? `${line.slice(0, SAID_CHARS_MAX)}…` : line;
}
