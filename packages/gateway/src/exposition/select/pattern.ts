/** What a regular expression asks of a value, in the cheapest form; most need no engine. */
import { Regex } from './regex.ts';

export type Pattern =
  | { readonly kind: 'any' }
  /** Anything but no value. */
  | { readonly kind: 'some' }
  | { readonly kind: 'values'; readonly values: ReadonlySet<string> }
  | { readonly kind: 'regex'; readonly regex: Regex; readonly weight: number };

/** One that needs no engine, and null for all others. */
export function readSimplePattern(text: string): Pattern | null {
  if (text === '.*') return { kind: 'any' };
  if (text === '.+') return { kind: 'some' };
  const values = readLiterals(text);
  return values === null ? null : { kind: 'values', values };
}

/** @param weight see `Matcher`. @throws RegexError */
export function compilePattern(text: string, weight: number): Pattern {
  return { kind: 'regex', regex: new Regex(text), weight };
}

/** An expression for exactly these values; `readSimplePattern` reads it back. */
export function writeLiterals(values: Iterable<string>): string {
  return [...values]
    .sort()
    .map((value) => value.replaceAll(META, '\\$&'))
    .join('|');
}

const META = /[\\.+*?()|[\]{}^$]/g;
/** A pair of brackets around everything, as Grafana writes a choice of several. */
const BRACKETS = /^\((?:\?:)?(.*)\)$/s;
/** What stands for itself; RE2 takes a backslash before any ASCII character but letters and digits. */
const LITERAL = /[^\\.+*?()|[\]{}^$]|\\[!-/:-@[-`{-~]/suy;

function readLiterals(text: string): Set<string> | null {
  const inner = BRACKETS.exec(text)?.[1] ?? text;
  const values = new Set<string>();
  let value = '';
  LITERAL.lastIndex = 0;
  for (let at = 0; at < inner.length; ) {
    if (inner[at] === '|') {
      values.add(value);
      value = '';
      at++;
      continue;
    }
    LITERAL.lastIndex = at;
    const [found] = LITERAL.exec(inner) ?? [];
    if (found === undefined) return null;
    value += found.length > 1 && found.startsWith('\\') ? found.slice(1) : found;
    at += found.length;
  }
  return values.add(value);
}
