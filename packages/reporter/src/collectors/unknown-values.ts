/** Reading what a child or a program answered: nothing in it is taken for granted, and all of it is bounded. */

/** Longer ones are cut: no name of a device comes near. */
const TEXT_CHARS_MAX = 200;

/** A field of an object; undefined when `value` is none, or has no such field. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

/** The first `max` of a list; none when `value` is no list. */
export function listOf(value: unknown, max: number): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, max) : [];
}

/** A label's value: one line, '' for what is no text or stands for nothing. */
export function textOf(value: unknown): string {
  if (typeof value !== 'string') return '';
  const text = value
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  return text === '-' ? '' : [...text].slice(0, TEXT_CHARS_MAX).join('').trim();
}

/** A finite number of zero or more, else null. */
export function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}
