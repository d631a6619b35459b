/** How much room the disk of a folder has, as it was a moment ago: nobody waits for a disk that does not answer. */
import { statfs } from 'node:fs/promises';

export interface Space {
  /** What is there for this process; the system may keep some for root. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

const KEPT_MS = 5000;
const WAIT_MS = 1000;

export class FreeSpace {
  readonly #folder: string;
  readonly #uptimeMs: () => number;
  #last: { readonly space: Space | null; readonly at: number } | null = null;
  #asking: Promise<Space | null> | null = null;

  constructor(folder: string, uptimeMs: () => number) {
    this.#folder = folder;
    this.#uptimeMs = uptimeMs;
  }

  /** @returns null when the disk does not tell. */
  async read(): Promise<Space | null> {
    if (this.#last !== null && this.#uptimeMs() - this.#last.at < KEPT_MS) return this.#last.space;
    // One at a time, however often it is asked for: each occupies a thread until the disk answers.
    this.#asking ??= this.#ask();
    const { promise: late, resolve } = Promise.withResolvers<null>();
    const timer = setTimeout(resolve, WAIT_MS, null);
    try {
      return await Promise.race([this.#asking, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(): Promise<Space | null> {
    try {
      const { bsize, blocks, bavail } = await statfs(this.#folder);
      this.#last = { space: { freeBytes: bavail * bsize, sizeBytes: blocks * bsize }, at: this.#uptimeMs() };
    } catch {
      this.#last = { space: null, at: this.#uptimeMs() };
    }
    this.#asking = null;
    return this.#last.space;
  }
}
