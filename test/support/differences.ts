/**
 * Compares two expositions of one host: which series one has and the other has not, whose types or helps differ, and which values
 * do not agree. Values are judged over several rounds, in each of which the reference was read before and after.
 */
import { type Exposition, readExposition } from './exposition.ts';
import { readableKey, seriesKey } from './series-key.ts';

export type DifferenceKind = 'missing' | 'extra' | 'type' | 'help' | 'value';

export interface Difference {
  readonly kind: DifferenceKind;
  /** The metric's name. */
  readonly metric: string;
  /** `name{labels}`; of a type or help the name alone. */
  readonly series: string;
  /** What was found, for people. */
  readonly detail: string;
}

/** What one program told: by series the value, by metric the type and help. */
export interface Telling {
  readonly values: ReadonlyMap<string, number>;
  readonly heads: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<string, string>;
}

/** @param leaveOut whose series are nobody's business, by name. */
export function readTelling(text: string, leaveOut: (metric: string) => boolean = () => false): Telling {
  const exposition: Exposition = readExposition(text);
  const values = new Map<string, number>();
  for (const { name, labels, value } of exposition.samples) {
    if (!leaveOut(name)) values.set(readableKey(seriesKey({ __name__: name, ...labels })), value);
  }
  const single = (texts: ReadonlyMap<string, readonly string[]>) =>
    new Map([...texts].filter(([name]) => !leaveOut(name)).map(([name, all]) => [name, all.join('\n')]));
  return { values, heads: single(exposition.helps), types: single(exposition.types) };
}

/** The name in a series' key. */
export function metricOf(series: string): string {
  const brace = series.indexOf('{');
  return brace < 0 ? series : series.slice(0, brace);
}

/** Series, types and helps: what does not depend on the moment. */
export function differencesOfShape(reference: Telling, ours: Telling): Difference[] {
  const found: Difference[] = [];
  const add = (kind: DifferenceKind, series: string, detail: string) =>
    found.push({ kind, metric: metricOf(series), series, detail });
  for (const [series, value] of reference.values) {
    if (!ours.values.has(series)) add('missing', series, `${value} there`);
  }
  for (const [series, value] of ours.values) {
    if (!reference.values.has(series)) add('extra', series, `${value} here`);
  }
  for (const metric of new Set([...reference.values.keys()].map(metricOf))) {
    const [type, help] = [ours.types.get(metric), ours.heads.get(metric)];
    // Of a metric that is missing here that has been said.
    if (type === undefined) continue;
    const [typeThere = '', helpThere = ''] = [reference.types.get(metric), reference.heads.get(metric)];
    if (type !== typeThere) add('type', metric, `${typeThere} there, ${type} here`);
    if (help !== helpThere)
      add('help', metric, `${JSON.stringify(helpThere)} there, ${JSON.stringify(help)} here`);
  }
  return found;
}

const RELATIVE = 0.01;

/** The least that a value can change by: a tick of the kernel's clock, a page of memory, one. */
function unitOf(metric: string): number {
  if (/_seconds(_total)?$/.test(metric)) return 0.01;
  return /_bytes(_total)?$/.test(metric) ? 4096 : 1;
}

/**
 * Whether `ours`, read between the two, is within them, widened by 1 % or, for a value that is just changing, one unit of change if
 * that is more: 0 and 1 of something that stands still are not the same.
 */
export function agrees(metric: string, before: number, ours: number, after: number): boolean {
  if (Number.isNaN(ours) || Number.isNaN(before) || Number.isNaN(after))
    return Number.isNaN(ours) === (Number.isNaN(before) || Number.isNaN(after));
  if (ours === before || ours === after) return true;
  const unit = before === after ? 0 : unitOf(metric);
  const slack = Math.max(unit, RELATIVE * Math.max(Math.abs(before), Math.abs(after)));
  return ours >= Math.min(before, after) - slack && ours <= Math.max(before, after) + slack;
}

interface Score {
  agreed: number;
  rounds: number;
  last: string;
}

/** Tells of the program that tells it. */
const OF_ITSELF = 'node_scrape_collector_duration_seconds';

/** Whether a series' values say something of the host. */
export function isComparable(series: string): boolean {
  return metricOf(series) !== OF_ITSELF;
}

/** Gathers rounds, each the reference before, ours, the reference after. */
export class ValueRounds {
  readonly #scores = new Map<string, Score>();

  add(before: Telling, ours: Telling, after: Telling): void {
    for (const [series, value] of ours.values) {
      const [low, high] = [before.values.get(series), after.values.get(series)];
      if (low === undefined || high === undefined || !isComparable(series)) continue;
      const score = this.#scores.get(series) ?? { agreed: 0, rounds: 0, last: '' };
      this.#scores.set(series, score);
      score.rounds++;
      if (agrees(metricOf(series), low, value, high)) score.agreed++;
      else score.last = `${low} and ${high} there, ${value} here`;
    }
  }

  /** Whether a series was held against the reference at least once. */
  has(series: string): boolean {
    return this.#scores.has(series);
  }

  /** How many series were held against each other. */
  get compared(): number {
    return this.#scores.size;
  }

  /** The share of all comparisons that agreed. */
  get agreement(): number {
    const scores = [...this.#scores.values()];
    const sum = (of: (score: Score) => number) => scores.reduce((total, score) => total + of(score), 0);
    return (
      sum(({ agreed }) => agreed) /
      Math.max(
        1,
        sum(({ rounds }) => rounds),
      )
    );
  }

  /**
   * Series that have not agreed in any round. A gauge such as the number of running processes may well differ between two
   * reads of one moment; what is told in another unit or read from another place never agrees.
   */
  differences(): Difference[] {
    return [...this.#scores]
      .filter(([, { agreed }]) => agreed === 0)
      .map(([series, { last }]) => ({ kind: 'value', metric: metricOf(series), series, detail: last }));
  }
}
