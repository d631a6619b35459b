/** Remembers what the log has told, so that what happens with every scrape is told once, or once in a while. */
export class Told {
  readonly #max: number;
  readonly #everyMs: number;
  readonly #uptimeMs: () => number;
  readonly #toldAt = new Map<string, number>();

  /**
   * @param max how much is remembered; beyond, the oldest is forgotten, and would be told again.
   * @param everyMs after which a thing is news again.
   * @param uptimeMs milliseconds that never step.
   */
  constructor(max: number, everyMs: number, uptimeMs: () => number) {
    this.#max = max;
    this.#everyMs = everyMs;
    this.#uptimeMs = uptimeMs;
  }

  /** Whether it is to be told now, which it then is taken to be. */
  isNews(what: string): boolean {
    const now = this.#uptimeMs();
    const toldAt = this.#toldAt.get(what);
    if (toldAt !== undefined && now - toldAt < this.#everyMs) return false;
    this.#toldAt.delete(what);
    this.#toldAt.set(what, now);
    for (const oldest of this.#toldAt.keys()) {
      if (this.#toldAt.size <= this.#max) break;
      this.#toldAt.delete(oldest);
    }
    return true;
  }
}
