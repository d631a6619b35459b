/**
 * Reads a series as it stands in a line: its name and its labels. What is taken is what Prometheus 3.5 takes, which in
 * text 0.0.4 is more than the format's description allows: blanks anywhere between tokens, no comma between labels, a raw
 * line break inside of a label's value. Names in quotes are read as well, whatever they are.
 * Source: prometheus/model/textparse, the two lexers and `parseLVals`.
 *
 * It walks by what the engine does natively (`indexOf`, sticky expressions), since the reporter runs without a compiler,
 * and there a loop over characters costs ten times as much.
 */
import { LABEL_VALUE_CHARS_MAX } from '@tributary/shared/limits';
import { quote } from '@tributary/shared/names';
import type { ExpositionFormat } from './content-type.ts';
import { Mistake } from './mistake.ts';

const TAB = 9;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const EQUALS = 61;
const BACKSLASH = 92;
const BRACE_OPEN = 123;
const BRACE_CLOSE = 125;

const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;

/** A series with more costs its text, one with more than the wire takes only itself. */
const LABELS_SEEN_MAX = 1000;

export interface RawSeries {
  /** As it stands in the text, or between the quotes. */
  readonly name: string;
  /** Names and values in turn, in the text's order; a name may come twice. */
  readonly labels: readonly string[];
  /** The place behind it. */
  readonly end: number;
}

/** @throws Mistake */
export function readSeries(text: string, at: number, format: ExpositionFormat): RawSeries {
  const labels: string[] = [];
  const end = endOfName(METRIC_NAME, text, at);
  if (end < 0) {
    if (text.charCodeAt(at) !== BRACE_OPEN) throw new Mistake(at, 'a metric name was expected');
    const braces = readLabels(text, at + 1, format, labels, null);
    if (braces.name === null) throw new Mistake(at, 'there is no metric name');
    return { name: braces.name, labels, end: braces.end };
  }
  const name = text.slice(at, end);
  // Only text 0.0.4 has blanks before the brace.
  const brace = format === 'text' ? skipBlanks(text, end) : end;
  if (text.charCodeAt(brace) !== BRACE_OPEN) return { name, labels, end };
  return { name, labels, end: readLabels(text, brace + 1, format, labels, name).end };
}

/**
 * Reads labels up to the closing brace.
 * @param at behind the opening one.
 * @param labels get them.
 * @param name of the metric, if it stood before the brace; else it may be among the labels.
 */
export function readLabels(
  text: string,
  at: number,
  format: ExpositionFormat,
  labels: string[],
  name: string | null,
): { readonly name: string | null; readonly end: number } {
  const isText = format === 'text';
  const blanks = isText ? skipBlanks : (_text: string, place: number) => place;
  let found = name;
  let next = at;
  for (;;) {
    next = blanks(text, next);
    const first = text.charCodeAt(next);
    if (first === BRACE_CLOSE) return { name: found, end: next + 1 };
    const isQuoted = first === QUOTE;
    const end = isQuoted ? closingQuote(text, next + 1) + 1 : endOfName(LABEL_NAME, text, next);
    if (end <= 0) throw new Mistake(next, 'a label name was expected');
    const label = isQuoted ? unescapeText(text.slice(next + 1, end - 1)) : text.slice(next, end);
    next = blanks(text, end);
    const sign = text.charCodeAt(next);
    if (isQuoted && (sign === COMMA || sign === BRACE_CLOSE)) {
      if (found !== null) throw new Mistake(next, `a second metric name, ${quote(label)}`);
      found = label;
    } else {
      if (sign !== EQUALS) throw new Mistake(next, `"=" was expected behind the label name ${quote(label)}`);
      next = blanks(text, next + 1);
      if (text.charCodeAt(next) !== QUOTE)
        throw new Mistake(next, `a quote was expected before the value of the label ${quote(label)}`);
      const close = closingQuote(text, next + 1);
      labels.push(label, labelValue(text, next + 1, close, isText));
      if (labels.length > 2 * LABELS_SEEN_MAX)
        throw new Mistake(next, `there are more than ${LABELS_SEEN_MAX} labels`, 'limit');
      next = blanks(text, close + 1);
    }
    const separator = text.charCodeAt(next);
    if (separator === COMMA) next++;
    else if (!isText && separator !== BRACE_CLOSE)
      throw new Mistake(next, `"," or "}" was expected behind the label ${quote(label)}`);
  }
}

export function skipBlanks(text: string, at: number): number {
  let next = at;
  let code = text.charCodeAt(next);
  while (code === SPACE || code === TAB) code = text.charCodeAt(++next);
  return next;
}

/** @returns -1 where no name begins. */
function endOfName(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** The place of the quote that ends what begins at `from`: the first that is not escaped. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let first = at;
    while (first > from && text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((at - first) % 2 === 0) return at;
  }
  throw new Mistake(from - 1, 'this quote is never closed');
}

function labelValue(text: string, from: number, to: number, isText: boolean): string {
  const raw = text.slice(from, to);
  if (!isText && raw.includes('\n')) throw new Mistake(from, 'the line ends within a label value');
  // One that is too long stays so without its escapes, and is left out.
  return raw.length <= 2 * LABEL_VALUE_CHARS_MAX && raw.includes('\\') ? unescapeText(raw) : raw;
}

/** What is no escape stays as it is, backslash and all. */
export function unescapeText(raw: string): string {
  return raw.replace(/\\(["\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char));
}
