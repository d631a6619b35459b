/**
 * Counts the lines of an exposition while it comes, and its samples by how their lines begin: whoever sends millions is
 * found out before much of it is in memory, and before they are read, which nothing interrupts.
 */
const NEWLINE = 10;

export class SampleLines {
  #samples = 0;
  #lines = 0;
  #isAtStart = true;

  /** Lines that have begun as a sample does so far. */
  get samples(): number {
    return this.#samples;
  }

  /** Lines that have begun so far, of whatever kind. */
  get lines(): number {
    return this.#lines;
  }

  add(chunk: Uint8Array): void {
    let at = this.#isAtStart ? 0 : chunk.indexOf(NEWLINE) + 1;
    if (at === 0 && !this.#isAtStart) return;
    while (at < chunk.length) {
      this.#lines++;
      if (beginsName(chunk[at] ?? 0)) this.#samples++;
      const end = chunk.indexOf(NEWLINE, at);
      this.#isAtStart = end >= 0;
      if (end < 0) return;
      at = end + 1;
    }
    this.#isAtStart = true;
    return;
  }
}

/** `a` to `z`, `A` to `Z`, `_` and `:`. */
function beginsName(byte: number): boolean {
  return (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || byte === 95 || byte === 58;
}
