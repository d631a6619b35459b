/**
 * What an exposition looks like but for its values: every line's text up to its value, and where the value goes. The
 * next one mostly looks the same, and then reading it is comparing these texts and reading numbers.
 */
import type { ExpositionFormat } from './content-type.ts';
import type { Metadata } from './metadata.ts';
import { Mistake } from './mistake.ts';
import { readTail, type Tail } from './read-tail.ts';
import type { SeriesList, TimedSamples } from './reading.ts';

/** Places of samples that have no series: below zero. */
export const DROPPED = -1;
export const BAD_NAME = -2;
export const BAD_LABELS = -3;

/** How many samples of a text have which place below zero. */
export interface WithoutSeries {
  readonly dropped: number;
  readonly badNames: number;
  readonly badLabels: number;
}

export interface Layout {
  readonly format: ExpositionFormat;
  readonly list: SeriesList;
  /** Of each family of the list, under which name a text declares it. */
  readonly declared: readonly string[];
  readonly metadata: Metadata;
  /** Some families or labels are not as the text has them that the list was made for, for what some of its series are. */
  readonly isAltered: boolean;
  /**
   * Of each sample, everything from the end of the sample before it up to its own value: comments, the series, blanks.
   * These are slices of one text, which they hold in memory; none where that would be too much.
   */
  readonly lines: readonly string[];
  /** Where in each line its series begins and ends. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Of each line, the place of its series in the list, or why it has none. */
  readonly places: Int32Array;
  /** What stands behind the last sample; null when not all lines are kept. */
  readonly tail: string | null;
  /** Places of series that no line spells as `seriesText` does, by that spelling. */
  readonly odd: ReadonlyMap<string, number>;
  /** As many as the list is long. */
  readonly blank: readonly null[];
  /** The number of the reading in which each series of the list was there last, up to this one. */
  readonly seen: Uint32Array;
  /** 1 for each series of which the text had no sample that the list was made for: it may be another thing by now. */
  readonly unsure: Uint8Array;
  /** The number of the reading that it was made in. */
  readonly reading: number;
  readonly samples: number;
  readonly without: WithoutSeries;
}

/** Puts the samples of one text in their places. */
export class ValueSink {
  readonly values: (number | null)[];
  duplicates = 0;
  readonly #series: number[] = [];
  readonly #values: number[] = [];
  readonly #atMs: number[] = [];

  constructor(blank: readonly null[]) {
    this.values = blank.slice();
  }

  get timed(): TimedSamples | null {
    if (this.#series.length === 0) return null;
    return { series: this.#series, values: this.#values, atMs: this.#atMs };
  }

  add(place: number, value: number, atMs: number | null): void {
    if (atMs !== null) {
      this.#series.push(place);
      this.#values.push(value);
      this.#atMs.push(atMs);
    } else if (this.values[place] === null) this.values[place] = value;
    else this.duplicates++;
  }
}

const SPACE = 32;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const CAPITAL_E = 69;
const SMALL_E = 101;

/**
 * Reads a text that looks as the layout says. Everything in this loop counts: it is what a reporter with targets does
 * most.
 * @returns null when it looks otherwise, or something is no value: which it is is not decided here.
 */
export function readValues(text: string, layout: Layout): ValueSink | null {
  const { lines, places, format, tail } = layout;
  if (tail === null) return null;
  const sink = new ValueSink(layout.blank);
  const { values } = sink;
  let at = 0;
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] ?? '';
    if (!text.startsWith(line, at)) return null;
    const from = at + line.length;
    const end = text.indexOf('\n', from);
    if (end < 0) return null;
    const word = text.slice(from, end);
    const place = places[k] ?? DROPPED;
    const value = +word;
    // JavaScript takes more for a number than Go: nothing at all, blanks around it, 0x10.
    const first = word.charCodeAt(0);
    const second = word.charCodeAt(1);
    const last = word.charCodeAt(word.length - 1);
    if (
      value - value === 0 &&
      first > SPACE &&
      first <= NINE &&
      (!(second > NINE) || second === SMALL_E || second === CAPITAL_E) &&
      last <= NINE &&
      (last >= ZERO || last === POINT)
    ) {
      at = end + 1;
      if (place < 0) continue;
      if (values[place] === null) values[place] = value;
      else sink.duplicates++;
      continue;
    }
    const read = tryTail(text, from, format);
    if (read === null) return null;
    at = read.next;
    if (place >= 0) sink.add(place, read.value, read.atMs);
  }
  return text.length - at === tail.length && text.endsWith(tail) ? sink : null;
}

function tryTail(text: string, at: number, format: ExpositionFormat): Tail | null {
  try {
    return readTail(text, at, format);
  } catch (error) {
    if (error instanceof Mistake) return null;
    throw error;
  }
}
