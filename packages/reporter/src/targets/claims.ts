/**
 * Keeps the targets of one host from telling the same series. Each has target labels of its own (check-targets.ts), but
 * with `honor_labels` an exposition brings others along: two federated Prometheis, or one and an exporter that is
 * scraped here as well, may both tell of the same job and instance. Then whoever came first does, until it fails.
 */
import { DEFAULT_LIMITS } from '@tributary/shared/limits';

/** Who tells it: any object that stands for one target. */
export type Owner = object;

/** What the host's own collectors and the rest may have of the series that a gateway takes of a host. */
const OTHERS_SERIES = 2_000;
/** All targets together. */
export const TARGETS_SERIES_MAX = DEFAULT_LIMITS.seriesMax - OTHERS_SERIES;

export class Claims {
  /** By target labels (labels-key.ts) of targets. */
  readonly #homes = new Map<string, Owner>();
  /** By target labels and sample name. */
  readonly #taken = new Map<string, Owner>();
  readonly #series = new Map<Owner, number>();
  #version = 0;

  /** Rises whenever something has become free. */
  get version(): number {
    return this.#version;
  }

  /** Target labels that are those of `owner`, whatever else another exposition brings. */
  settle(owner: Owner, labels: string): void {
    this.#homes.set(labels, owner);
  }

  /** Whether `owner` may tell samples of that name under these target labels; if so, no other may. */
  claim(owner: Owner, labels: string, sampleName: string): boolean {
    const home = this.#homes.get(labels);
    if (home !== undefined) return home === owner;
    const key = `${labels}\0${sampleName}`;
    const holder = this.#taken.get(key);
    if (holder !== undefined) return holder === owner;
    this.#taken.set(key, owner);
    return true;
  }

  /**
   * Gives back everything that `owner` has claimed.
   * @returns whether that was anything.
   */
  release(owner: Owner): boolean {
    const before = this.#taken.size;
    for (const [key, holder] of this.#taken) if (holder === owner) this.#taken.delete(key);
    const released = this.#taken.size < before;
    if (released) this.#version++;
    return released;
  }

  /** Forgets all of an owner that is gone for good. */
  leave(owner: Owner): void {
    for (const [labels, home] of this.#homes) if (home === owner) this.#homes.delete(labels);
    this.#series.delete(owner);
    this.release(owner);
    // Whoever had to do without may try again, for its home is free as well.
    this.#version++;
  }

  /** Whether the host may have `count` series of `owner` besides those of the other targets; if so, it has. */
  reserve(owner: Owner, count: number): boolean {
    let all = count;
    for (const [other, series] of this.#series) if (other !== owner) all += series;
    if (all > TARGETS_SERIES_MAX) return false;
    this.#series.set(owner, count);
    return true;
  }
}
