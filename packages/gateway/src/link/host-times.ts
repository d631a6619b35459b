/**
 * Which points of a host are new. Per series, timestamps rise strictly: Prometheus drops an equal or an older point
 * anyway, and once one slipped in, the order of the log would no longer be the order of time. Decided per shape, since
 * all series of a group share its moment; a series that stands in several shapes is judged by all of them.
 */
import type { StoredEntry, StreamState } from '../ledger/ledger.ts';
import type { AdmittedShape } from './admission.ts';
import { overlap } from './overlap.ts';
import type { ShapeRegistry } from './shape-registry.ts';

export type Verdict = 'new' | 'repeat' | 'backwards';

/**
 * Entries that are looked at when a host connects. Several batches may share a moment, and a target may have been
 * scraped a little before its batch; both are told apart by these. More would only make a fleet's return dearer.
 */
export const RECALLED_ENTRIES = 4;

/** Shapes whose last moment is remembered one by one; what an old one had goes into the floor. */
const SHAPES_MAX = 512;

export class HostTimes {
  readonly #times = new Map<AdmittedShape, number>();
  /** Holds for every shape that is not remembered. */
  #floor: number;
  #newest: number;

  /** @param lastAt the newest moment that the ledger has of the host; 0 for none. It holds for every series. */
  constructor(lastAt: number) {
    this.#floor = lastAt;
    this.#newest = lastAt;
  }

  /**
   * What an earlier connection knew, as far as the ledger tells.
   * @param recent the host's last entries, `RECALLED_ENTRIES` of them where there are so many.
   */
  static recall(stream: StreamState, recent: readonly StoredEntry[], shapes: ShapeRegistry): HostTimes {
    const times = new HostTimes(stream.lastAt);
    const batches = recent.filter((entry) => entry.kind === 'batch');
    const first = batches[0];
    const isInOrder = batches.at(-1)?.at === stream.lastAt;
    // An epoch's time never falls, so what is older than all of these holds nothing newer. Where an earlier epoch of
    // the host was ahead of this one, the newest moment has to stand for all.
    if (first === undefined || !isInOrder) return times;
    times.#floor = recent[0]?.offset === 1 ? 0 : first.at;
    for (const { groups } of batches) {
      for (const { shape: key, at } of groups) {
        const { shape } = shapes.restore(key);
        if (shape !== null) times.#remember(shape, at);
      }
    }
    return times;
  }

  /** The newest moment of any series of the host; 0 for none. */
  get newest(): number {
    return this.#newest;
  }

  /**
   * Judges the groups of one batch, and remembers the moments of those that are new.
   * @param groups have no series in common, so none of them is judged by another.
   */
  judge(groups: readonly { readonly shape: AdmittedShape; readonly at: number }[]): Verdict[] {
    const verdicts = groups.map(({ shape, at }): Verdict => {
      if (at > this.#newest) return 'new';
      const last = this.#lastOf(shape);
      return at > last ? 'new' : at === last ? 'repeat' : 'backwards';
    });
    for (const [i, { shape, at }] of groups.entries()) if (verdicts[i] === 'new') this.#remember(shape, at);
    return verdicts;
  }

  /**
   * Series that the host has beside those of `using`: of shapes that were used since a moment, and that none of `using`
   * restates.
   */
  seriesBeside(using: readonly AdmittedShape[], since: number): number {
    let series = 0;
    for (const [shape, at] of this.#times) {
      if (at < since || using.some((other) => other === shape || overlap(other, shape) !== null)) continue;
      series += shape.length;
    }
    return series;
  }

  #remember(shape: AdmittedShape, at: number): void {
    this.#times.set(shape, at);
    if (at > this.#newest) this.#newest = at;
    if (this.#times.size > SHAPES_MAX) this.#forgetOldest();
  }

  #lastOf(shape: AdmittedShape): number {
    let last = this.#times.get(shape) ?? this.#floor;
    for (const [other, at] of this.#times) {
      if (at > last && other !== shape && overlap(shape, other) !== null) last = at;
    }
    return last;
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
    if (oldestAt > this.#floor) this.#floor = oldestAt;
  }
}
