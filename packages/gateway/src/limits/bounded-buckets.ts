/** Buckets by name, where anybody may bring new names: of as many as there is room for, and never of those that are full again. */

/** Between two looks for what can go, so that whoever brings names one by one cannot make each of them costly. */
const SWEEP_EVERY_MS = 1000;

export interface Drained {
  /** Nothing distinguishes it from a new one. */
  isFull(now: number): boolean;
}

export class BoundedBuckets<T extends Drained> {
  readonly #make: (now: number) => T;
  readonly #namesMax: number;
  /** The least recently used first. */
  readonly #byName = new Map<string, T>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(make: (now: number) => T, namesMax: number) {
    this.#make = make;
    this.#namesMax = namesMax;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** All that there are now. */
  values(): Iterable<T> {
    return this.#byName.values();
  }

  find(name: string): T | undefined {
    return this.#byName.get(name);
  }

  /** Beyond the room, the one that was used least recently gives way. @param now in ms of uptime */
  use(name: string, now: number): T {
    let bucket = this.#byName.get(name);
    if (bucket === undefined) {
      if (this.#byName.size >= this.#namesMax) this.#makeRoom(now);
      bucket = this.#make(now);
    } else this.#byName.delete(name);
    this.#byName.set(name, bucket);
    return bucket;
  }

  #makeRoom(now: number): void {
    if (now - this.#sweptAt >= SWEEP_EVERY_MS) {
      this.#sweptAt = now;
      for (const [name, bucket] of this.#byName) if (bucket.isFull(now)) this.#byName.delete(name);
    }
    for (const oldest of this.#byName.keys()) {
      if (this.#byName.size < this.#namesMax) break;
      this.#byName.delete(oldest);
    }
  }
}
