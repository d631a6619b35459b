/**
 * Counts the samples of an exposition while it comes, by how its lines begin: whoever sends millions is found out before
 * much of it is in memory.
 */
const NEWLINE = 10;

export class SampleLines {
  #count = 0;
  #isAtStart = true;

  /** @returns how many lines have begun as a sample does so far. */
  add(chunk: Uint8Array): number {
    let at = this.#isAtStart ? 0 : chunk.indexOf(NEWLINE) + 1;
    if (at === 0 && !this.#isAtStart) return this.#count;
    while (at < chunk.length) {
      if (beginsName(chunk[at] ?? 0)) this.#count++;
      const end = chunk.indexOf(NEWLINE, at);
      this.#isAtStart = end >= 0;
      if (end < 0) return this.#count;
      at = end + 1;
    }
    this.#isAtStart = true;
    return this.#count;
  }
}

/** `a` to `z`, `A` to `Z`, `_` and `:`. */
function beginsName(byte: number): boolean {
  return (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || byte === 95 || byte === 58;
}
