/**
 * Tells which series a line speaks of, by the text of it: from the layout of the text before where that knows it, else
 * by reading the labels. Prometheus keeps the same cache, by the same key.
 */
import { LABEL_VALUE_CHARS_MAX, NAME_CHARS_MAX } from '@tributary/shared/limits';
import { isLabelName, isMetricName, isReservedMetricName, quote } from '@tributary/shared/names';
import type { Labels } from '@tributary/shared/shape';
import type { ExpositionFormat } from './content-type.ts';
import type { SourceSeries } from './fit-families.ts';
import { BAD_LABELS, BAD_NAME, DROPPED, type Layout } from './layout.ts';
import { Mistake } from './mistake.ts';
import { type RawSeries, readSeries } from './read-series.ts';

export interface SeriesRules {
  readonly labelsMax: number;
  readonly keep: (name: string) => boolean;
  /** As in `ReaderOptions`. */
  readonly emptyLabels: ReadonlySet<string>;
  /** Of samples without series no more than so many are remembered: they are read anew each time. */
  readonly linesMax: number;
}

/** What a line begins with: which series it is, and where that ends. */
export interface Found {
  /** Of a series that the layout has, its place; of a new one, the layout's length and its place in `added`; else below zero. */
  readonly id: number;
  readonly end: number;
}

export class KnownSeries {
  /** Series that the layout does not have, in the order in which they were met. */
  readonly added: SourceSeries[] = [];
  /** As in `Layout`, with ids for places. */
  readonly odd: Map<string, number>;
  readonly #rules: SeriesRules;
  readonly #own: (text: string) => string;
  readonly #byText = new Map<string, number>();
  readonly #oldLength: number;
  /** Names that were found to be good, and by which rule. */
  readonly #goodNames = new Map<string, (name: string) => boolean>();

  /** @param own gives a string that does not hold the whole text in memory. */
  constructor(layout: Layout | null, rules: SeriesRules, own: (text: string) => string) {
    this.#rules = rules;
    this.#own = own;
    this.#oldLength = layout?.list.length ?? 0;
    this.odd = new Map(layout?.odd);
    if (layout === null) return;
    const { lines, starts, ends, places } = layout;
    for (let k = 0; k < lines.length; k++) {
      this.#byText.set((lines[k] ?? '').slice(starts[k], ends[k]), places[k] ?? DROPPED);
    }
  }

  /** @throws Mistake */
  find(text: string, at: number, format: ExpositionFormat): Found {
    const guess = guessEnd(text, at, format);
    const known = guess > at ? this.#byText.get(text.slice(at, guess)) : undefined;
    if (known !== undefined) return { id: known, end: guess };
    const raw = readSeries(text, at, format);
    const spelling = text.slice(at, raw.end);
    const id = this.#byText.get(spelling) ?? this.#identify(raw, spelling, at);
    if (id >= 0 || this.#byText.size < this.#rules.linesMax) this.#byText.set(spelling, id);
    return { id, end: raw.end };
  }

  #identify({ name, labels: written }: RawSeries, spelling: string, at: number): number {
    if (name === '') throw new Mistake(at, 'the metric name is empty');
    const labels = sortedLabels(written, at, this.#rules.emptyLabels);
    const fault = this.#faultOf(name, labels);
    if (fault < 0) return fault;
    const usual = seriesText(name, labels);
    const known = this.#byText.get(usual) ?? this.odd.get(usual);
    const id = known ?? this.#oldLength + this.added.length;
    if (known === undefined) this.added.push({ name: this.#own(name), labels: this.#toLabels(labels) });
    if (usual !== spelling) this.odd.set(this.#own(usual), id);
    return id;
  }

  #toLabels(labels: readonly string[]): Labels {
    const own: Record<string, string> = {};
    for (let i = 0; i < labels.length; i += 2)
      own[this.#own(labels[i] ?? '')] = this.#own(labels[i + 1] ?? '');
    return own;
  }

  #faultOf(name: string, labels: readonly string[]): number {
    const { keep, labelsMax } = this.#rules;
    // Before any expression sees it: some take the square of its length.
    if (name.length > NAME_CHARS_MAX) return BAD_NAME;
    if (!keep(name)) return DROPPED;
    if (!this.#isGoodName(name, isTakenName)) return BAD_NAME;
    let fault = labels.length <= 2 * labelsMax ? 0 : BAD_LABELS;
    for (let i = 0; i < labels.length; i += 2) {
      if (!this.#isGoodName(labels[i] ?? '', isLabelName)) return BAD_NAME;
      const value = labels[i + 1] ?? '';
      if (value.length > LABEL_VALUE_CHARS_MAX || value.includes('\0')) fault = BAD_LABELS;
    }
    return fault;
  }

  /** A label may be called as a metric is, but not the other way round; names come again and again. */
  #isGoodName(name: string, isGood: (name: string) => boolean): boolean {
    const known = this.#goodNames.get(name);
    if (known === isGood) return true;
    if (!isGood(name)) return false;
    this.#goodNames.set(name, isGood);
    return true;
  }
}

/**
 * Where the series of a line ends, if it is spelled as most are. What is found there is looked up as a whole, and a text
 * that was once read as a series always is, so a wrong guess costs time only.
 */
function guessEnd(text: string, at: number, format: ExpositionFormat): number {
  const end = text.indexOf('\n', at);
  if (end < 0) return -1;
  const line = text.slice(at, end);
  // Values may have braces in them, and in OpenMetrics exemplars have their own.
  const close = format === 'text' ? line.lastIndexOf('}') : line.indexOf('} ');
  if (close >= 0) return at + close + 1;
  return line.includes('{') ? -1 : at + line.indexOf(' ');
}

function isTakenName(name: string): boolean {
  return isMetricName(name) && !isReservedMetricName(name);
}

/**
 * Names and values in turn, sorted by name, without empty values, which are the same as no label in Prometheus.
 * @param emptyLabels those that are not.
 */
function sortedLabels(
  written: readonly string[],
  at: number,
  emptyLabels: ReadonlySet<string>,
): readonly string[] {
  let isSorted = true;
  for (let i = 0; i < written.length; i += 2) {
    const name = written[i] ?? '';
    if (name === '' || name === '__name__') throw new Mistake(at, `no label can be called ${quote(name)}`);
    const isNone = written[i + 1] === '' && !emptyLabels.has(name);
    if (isNone || (i > 0 && name <= (written[i - 2] ?? ''))) isSorted = false;
  }
  if (isSorted) return written;
  const pairs: (readonly [name: string, value: string])[] = [];
  for (let i = 0; i < written.length; i += 2) pairs.push([written[i] ?? '', written[i + 1] ?? '']);
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  const twice = pairs.find(([name], i) => name === pairs[i + 1]?.[0]);
  if (twice !== undefined) throw new Mistake(at, `a second label ${quote(twice[0])}`);
  return pairs.filter(([name, value]) => value !== '' || emptyLabels.has(name)).flat();
}

/**
 * The series as client libraries write it: labels sorted, no blanks.
 * @param labels names and values in turn, sorted.
 */
export function seriesText(name: string, labels: readonly string[]): string {
  let text = name;
  for (let i = 0; i < labels.length; i += 2) {
    text += `${i === 0 ? '{' : ','}${labels[i]}="${escapeText(labels[i + 1] ?? '')}"`;
  }
  return labels.length === 0 ? text : `${text}}`;
}

function escapeText(value: string): string {
  if (!value.includes('"') && !value.includes('\\') && !value.includes('\n')) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
