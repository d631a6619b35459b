/**
 * What is said again of what goes on: the first of each kind, and one more after an hour. Whoever sends may choose what a
 * kind is, and must not be able to fill a disk with it, so there is a bound of kinds as well.
 */
const AGAIN_MS = 3_600_000;
const KINDS_MAX = 256;

export class Hourly {
  readonly #said = new Map<string, number>();

  /** Whether this is to be said now; then it counts as said. @param now monotonic, in ms. */
  isDue(kind: string, now: number): boolean {
    if (now - (this.#said.get(kind) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return false;
    if (this.#said.size >= KINDS_MAX)
      for (const [old, at] of this.#said) if (now - at >= AGAIN_MS) this.#said.delete(old);
    if (this.#said.size >= KINDS_MAX) return false;
    this.#said.set(kind, now);
    return true;
  }
}
