/** Counters by a reason, an outcome or the like, told in a stable order and from the first tick on. */
export class Counts<Key extends string> {
  readonly #counts: Map<Key, number>;

  /** @param keys all there are: a counter that begins at 0 shows its first increase. */
  constructor(keys: readonly Key[]) {
    this.#counts = new Map(keys.map((key) => [key, 0]));
  }

  add(key: Key, by = 1): void {
    this.#counts.set(key, this.get(key) + by);
  }

  get(key: Key): number {
    return this.#counts.get(key) ?? 0;
  }

  entries(): Iterable<readonly [Key, number]> {
    return this.#counts.entries();
  }
}
