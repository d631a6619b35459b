/**
 * Reads what stands behind a series: its value, the time of the sample, and in OpenMetrics an exemplar, which is checked
 * and left behind, as the wire has none.
 */
import { quote } from '@tributary/shared/names';
import type { ExpositionFormat } from './content-type.ts';
import { parseGoNumber } from './go-number.ts';
import { Mistake } from './mistake.ts';
import { readLabels } from './read-series.ts';

export interface Tail {
  readonly value: number;
  /** Whole milliseconds since 1970; null without a time. */
  readonly atMs: number | null;
  /** Where the next line begins. */
  readonly next: number;
}

const VALUE_AND_TIME = /^([^{ \t]+)[ \t]*(?:(\d+)[ \t]*)?$/;
const INT64_MAX = 2 ** 63;
/** Nothing that is longer is a value and a time: the bound is for the matching of expressions. */
const TAIL_CHARS_MAX = 4096;
const EXEMPLAR = ' # {';

/**
 * @param at where the value begins.
 * @throws Mistake
 */
export function readTail(text: string, at: number, format: ExpositionFormat): Tail {
  return format === 'text' ? readTextTail(text, at) : readOpenMetricsTail(text, at);
}

function readTextTail(text: string, at: number): Tail {
  const end = lineEnd(text, at);
  const match = end - at > TAIL_CHARS_MAX ? null : VALUE_AND_TIME.exec(text.slice(at, end));
  if (match === null)
    throw new Mistake(at, end === at ? 'there is no value' : 'a value and at most a time were expected');
  const [, value = '', time] = match;
  const atMs = time === undefined ? null : Number(time);
  if (atMs !== null && atMs >= INT64_MAX)
    throw new Mistake(at, `the timestamp ${quote(time ?? '')} is too large`);
  return { value: toValue(value, at), atMs, next: end + 1 };
}

function readOpenMetricsTail(text: string, at: number): Tail {
  const end = lineEnd(text, at);
  const line = text.slice(at, end);
  const exemplar = line.indexOf(EXEMPLAR);
  if (exemplar >= 0) checkExemplar(text, at + exemplar + EXEMPLAR.length, end);
  const { value, atMs } = valueAndSeconds(exemplar < 0 ? line : line.slice(0, exemplar), at);
  return { value, atMs, next: end + 1 };
}

/** A value, and perhaps one blank and the seconds since 1970. */
function valueAndSeconds(rest: string, at: number): { readonly value: number; readonly atMs: number | null } {
  const [word = '', seconds, ...more] = rest.slice(0, TAIL_CHARS_MAX).split(' ');
  if (word === '') throw new Mistake(at, 'there is no value');
  const value = toValue(word, at);
  if (seconds === undefined) return { value, atMs: null };
  const time = parseGoNumber(seconds);
  if (time === null || !Number.isFinite(time))
    throw new Mistake(at, `the timestamp ${quote(seconds)} is no number of seconds`);
  if (more.length > 0) throw new Mistake(at, 'more follows behind the timestamp');
  // As Prometheus does it, so that both come to the same millisecond; and there is no zero but zero.
  return { value, atMs: Math.trunc(time * 1000) + 0 };
}

/** @param at behind the brace. */
function checkExemplar(text: string, at: number, lineEndsAt: number): void {
  const { end } = readLabels(text, at, 'openmetrics', [], '');
  if (end >= lineEndsAt || text[end] !== ' ')
    throw new Mistake(end, 'one blank and a value were expected behind the labels of the exemplar');
  valueAndSeconds(text.slice(end + 1, lineEndsAt), end);
}

function toValue(word: string, at: number): number {
  const value = parseGoNumber(word);
  if (value === null) throw new Mistake(at, `the value ${quote(word)} is no number`);
  return value;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  // A text 0.0.4 is given its last line break by who reads it, so this is OpenMetrics.
  if (end < 0) throw new Mistake(text.length, 'the text does not end with # EOF');
  return end;
}
