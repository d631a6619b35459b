/** Turns of the event loop, one at a time and in the order of asking: between two of them everything else is served. */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(() => this.#give());
    });
  }

  #give(): void {
    const resolve = this.#waiting[0];
    resolve?.();
    // What it does with its turn comes before this, and it may ask for another: an immediate asked for now is of the next round.
    setImmediate(() => {
      this.#waiting.shift();
      if (this.#waiting.length > 0) this.#give();
    });
  }
}
