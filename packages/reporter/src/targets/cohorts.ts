/**
 * Which series have always been told together: a device that is polled, a container, a host of another Prometheus. One
 * that was told at another moment than the others, or not at all, leaves them for good.
 *
 * Columns are made of cohorts and not of whatever has the same timestamp in one scrape: where timestamps are whole seconds, other
 * devices share one each time, and a shape for each such accident would be new all the time.
 */
const NONE = 0;

export class Cohorts {
  /** By place in the list. */
  #of: Int32Array;
  #sizes = new Map<number, number>();
  #next = NONE + 1;

  /** @param length of the list of series. */
  constructor(length: number) {
    this.#of = new Int32Array(length);
  }

  of(place: number): number {
    return this.#of[place] ?? NONE;
  }

  /** @param told by place what has to be the same for all of a cohort. */
  refine(told: ReadonlyMap<number, string>): void {
    const classes = new Map<string, number[]>();
    for (const [place, moment] of told) {
      const key = `${this.of(place)} ${moment}`;
      const places = classes.get(key);
      if (places === undefined) classes.set(key, [place]);
      else places.push(place);
    }
    for (const places of classes.values()) {
      const before = this.of(places[0] ?? 0);
      const size = this.#sizes.get(before);
      if (size === places.length) continue;
      if (size !== undefined) this.#sizes.set(before, size - places.length);
      const cohort = this.#next++;
      this.#sizes.set(cohort, places.length);
      for (const place of places) this.#of[place] = cohort;
    }
  }

  /** Starts over. */
  forget(): void {
    this.#of.fill(NONE);
    this.#sizes.clear();
  }

  /** @param from by the new place the old one; -1 for none. */
  move(from: Int32Array): void {
    const moved = new Int32Array(from.length);
    this.#sizes = new Map();
    for (const [place, old] of from.entries()) {
      const cohort = old < 0 ? NONE : this.of(old);
      moved[place] = cohort;
      if (cohort !== NONE) this.#sizes.set(cohort, (this.#sizes.get(cohort) ?? 0) + 1);
    }
    this.#of = moved;
  }
}
