/** Remembers what the log has told, so that what happens with every scrape is told once, or once in a while. */
export class Told {
  readonly #max: number;
  readonly #everyMs: number;
  readonly #uptimeMs: () => number;
  readonly #told = new Map<string, { readonly at: number; untold: number }>();

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
    return this.untoldOf(what) !== null;
  }

  /** As `isNews`. @returns how often it was not told since it was told last; null when it is not to be told now */
  untoldOf(what: string): number | null {
    const now = this.#uptimeMs();
    const before = this.#told.get(what);
    if (before !== undefined && now - before.at < this.#everyMs) {
      before.untold++;
      return null;
    }
    this.#told.delete(what);
    this.#told.set(what, { at: now, untold: 0 });
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= this.#max) break;
      this.#told.delete(oldest);
    }
    return before?.untold ?? 0;
  }
}
