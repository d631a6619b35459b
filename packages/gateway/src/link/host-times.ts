/**
 * Which points of a host are new. Per series, timestamps rise strictly: Prometheus drops an equal or an older point
 * anyway, and once one slipped in, the order of the log would no longer be the order of time. Decided per shape, since
 * all series of a group share its moment; a series that stands in several shapes is judged by all of them.
 */
import type { StoredEntry, StreamState } from '../ledger/ledger.ts';
import type { AdmittedShape } from './admission.ts';
import { overlap } from './overlap.ts';
import { SeriesNumbers, SeriesSet, SHAPES_IN_PAIRS_MAX } from './series-set.ts';
import type { ShapeRegistry } from './shape-registry.ts';

export type Verdict = 'new' | 'repeat' | 'backwards';

/**
 * How far back the ledger is looked through for what an earlier process knew, counted from the newest moment that it has:
 * the near past first, and further only for what is not found there. Nothing at all is read of a host whose points are
 * newer than that moment, as nearly all are when a fleet comes back.
 */
export const RECALL_MS = [60_000, 600_000];

/** Hosts whose times are remembered; beyond, the ledger tells them anew. */
const HOSTS_REMEMBERED_MAX = 100_000;

/** What of a host's log has to be looked through: from the first entry of `since` or later, in ms, up to an offset. */
export interface RecallSpan {
  readonly since: number;
  readonly through: number;
  /** Its place in `RECALL_MS`. */
  readonly step: number;
}

/** Shapes whose last moment is remembered one by one; what an old one had goes into the floor. */
const SHAPES_MAX = 512;

/** Batches for which the newest moments by series are kept after their last use. */
const UNUSED_MAX = 100;

export class HostTimes {
  readonly #times = new Map<AdmittedShape, number>();
  /** By series the newest moment, while it is needed: most hosts have few shapes, and their groups are newer than all before. */
  #bySeries: SeriesNumbers | null = null;
  /** Of so many series it is made anew, without those of forgotten shapes. */
  #bySeriesMax = 0;
  #bySeriesUnused = 0;
  /** Holds for every shape that is not remembered. */
  #floor: number;
  #newest: number;
  /** The newest moment of shapes that are no longer remembered. */
  #forgotten = 0;
  /** What the ledger had when this began. */
  readonly #lastAt: number;
  readonly #through: number;
  /** How many of `RECALL_MS` are done. */
  #recalls = 0;

  /**
   * @param lastAt the newest moment that the ledger has of the host; 0 for none. It holds for every series, until more is
   *   recalled.
   * @param nextOffset the place in the host's log behind what it had then.
   */
  constructor(lastAt: number, nextOffset = 1) {
    this.#floor = lastAt;
    this.#newest = lastAt;
    this.#lastAt = lastAt;
    this.#through = nextOffset - 1;
  }

  /** The newest moment of any series of the host; 0 for none. */
  get newest(): number {
    return this.#newest;
  }

  /** What has to be recalled before `judge` can tell about these groups; null when nothing has, or no more can be. */
  missing(groups: readonly { readonly shape: AdmittedShape; readonly at: number }[]): RecallSpan | null {
    const lookbackMs = RECALL_MS[this.#recalls];
    if (lookbackMs === undefined || this.#through === 0) return null;
    if (groups.every(({ shape, at }) => at > this.#floor || this.#times.has(shape))) return null;
    return { since: this.#lastAt - lookbackMs, through: this.#through, step: this.#recalls };
  }

  /** Takes note of what the ledger has. In any order; what is known already does no harm. */
  note(entries: readonly StoredEntry[], shapes: ShapeRegistry): void {
    for (const entry of entries) {
      if (entry.kind !== 'batch') continue;
      for (const { shape: key, at } of entry.groups) {
        const { shape } = shapes.restore(key);
        if (shape !== null && at > (this.#times.get(shape) ?? 0)) this.#remember(shape, at);
      }
    }
  }

  /**
   * A span was looked through.
   * @param before no series has anything newer in front of what was noted of it.
   */
  recalled({ step }: RecallSpan, before: number): void {
    this.#recalls = Math.max(this.#recalls, step + 1);
    this.#floor = Math.max(this.#forgotten, Math.min(this.#floor, before));
  }

  /**
   * Judges the groups of one batch, and remembers the moments of those that are new.
   * @param groups have no series in common, so none of them is judged by another.
   */
  judge(groups: readonly { readonly shape: AdmittedShape; readonly at: number }[]): Verdict[] {
    if (++this.#bySeriesUnused > UNUSED_MAX) this.#bySeries = null;
    const verdicts = groups.map(({ shape, at }): Verdict => {
      if (at > this.#newest) return 'new';
      const last = this.#lastOf(shape);
      return at > last ? 'new' : at === last ? 'repeat' : 'backwards';
    });
    for (const [i, { shape, at }] of groups.entries()) if (verdicts[i] === 'new') this.#remember(shape, at);
    return verdicts;
  }

  /**
   * Series that the host has beside those of `using`: of shapes that were used since a moment, and that neither one of
   * `using` restates nor one that was used later. Else a shape that grew again and again would count as often once it is gone.
   */
  seriesBeside(using: Iterable<AdmittedShape>, since: number): number {
    const counted = new SeriesSet();
    for (const shape of using) counted.add(shape);
    const live = [...this.#times].filter(([, at]) => at >= since);
    let series = 0;
    for (const [shape] of live.sort(([, a], [, b]) => b - a)) {
      if (counted.has(shape)) continue;
      counted.add(shape);
      series += shape.length;
    }
    return series;
  }

  /** At least `seriesBeside`, and told without looking at any series. */
  seriesBesideMax(using: ReadonlySet<AdmittedShape>, since: number): number {
    let series = 0;
    for (const [shape, at] of this.#times) if (at >= since && !using.has(shape)) series += shape.length;
    return series;
  }

  #remember(shape: AdmittedShape, at: number): void {
    this.#times.set(shape, at);
    this.#bySeries?.raise(shape, at);
    if (at > this.#newest) this.#newest = at;
    if (this.#times.size > SHAPES_MAX) this.#forgetOldest();
  }

  #lastOf(shape: AdmittedShape): number {
    let last = this.#times.get(shape) ?? this.#floor;
    if (this.#times.size > SHAPES_IN_PAIRS_MAX) return Math.max(last, this.#seriesTimes().highestOf(shape));
    for (const [other, at] of this.#times) {
      if (at > last && other !== shape && overlap(shape, other) !== null) last = at;
    }
    return last;
  }

  /** What a forgotten shape has left there is not above the floor, nor above any shape that is remembered; it goes in time. */
  #seriesTimes(): SeriesNumbers {
    this.#bySeriesUnused = 0;
    if (this.#bySeries !== null && this.#bySeries.size <= this.#bySeriesMax) return this.#bySeries;
    this.#bySeries = new SeriesNumbers();
    for (const [shape, at] of this.#times) this.#bySeries.raise(shape, at);
    this.#bySeriesMax = 2 * this.#bySeries.size + SHAPES_MAX;
    return this.#bySeries;
  }

  #forgetOldest(): void {
    let oldest: AdmittedShape | undefined;
    let oldestAt = Number.POSITIVE_INFINITY;
    for (const [shape, at] of this.#times) {
      if (at >= oldestAt) continue;
      oldest = shape;
      oldestAt = at;
    }
    if (oldest === undefined) return;
    this.#times.delete(oldest);
    this.#forgotten = Math.max(this.#forgotten, oldestAt);
    this.#floor = Math.max(this.#floor, oldestAt);
  }
}

/** What earlier connections of a host have taken; where that is not known, or the ledger has more, what it says. */
export function timesOf(
  known: Map<string, HostTimes>,
  host: string,
  { lastAt, nextOffset }: StreamState,
): HostTimes {
  const times = known.get(host);
  if (times !== undefined && times.newest >= lastAt) return times;
  if (known.size >= HOSTS_REMEMBERED_MAX) known.clear();
  const told = new HostTimes(lastAt, nextOffset);
  known.set(host, told);
  return told;
}
