/**
 * Which points of a host are new. Per series, timestamps rise strictly: Prometheus drops an equal or an older point
 * anyway, and once one slipped in, the order of the log would no longer be the order of time. Decided per shape, since
 * all series of a group share its moment; a series that stands in several shapes is judged by all of them.
 */
import type { AdmittedShape } from './admission.ts';
import { overlap } from './overlap.ts';

export type Verdict = 'new' | 'repeat' | 'backwards';

/** Shapes whose last moment is remembered one by one; what an old one had goes into the floor. */
const SHAPES_MAX = 512;

export class HostTimes {
  readonly #times = new Map<AdmittedShape, number>();
  /** Holds for every shape that is not remembered. */
  #floor: number;
  #newest: number;

  /** @param lastAt the newest moment that the ledger has of the host; 0 for none. */
  constructor(lastAt: number) {
    this.#floor = lastAt;
    this.#newest = lastAt;
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
