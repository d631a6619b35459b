/**
 * Series that are told no more. A gateway counts them as the host's for five minutes yet, so they keep their place in a
 * limit for as long: else series that are replaced all the time would take the places of all others.
 */
import { textNumber } from '../collectors/shape-keys.ts';

export const LEAVING_MS = 5 * 60_000;

interface Gone {
  readonly series: number;
  /** On the caller's clock, in ms. */
  readonly at: number;
  isBack: boolean;
}

export class Leaving {
  /** By the number of its key, which is shorter; in the order of `at`. */
  readonly #gone = new Map<number, Gone>();
  #series = 0;

  /** @param key tells it apart from all others of this limit. @param series how many it is on the wire. */
  leave(key: string, series: number, now: number): void {
    const number = textNumber(key);
    this.#remove(number);
    this.#gone.set(number, { series, at: now, isBack: false });
    this.#series += series;
  }

  /** It is to be told again, and counted by others. */
  back(key: string): void {
    const gone = this.#find(key);
    if (gone === undefined || gone.isBack) return;
    gone.isBack = true;
    this.#series -= gone.series;
  }

  /** Whether it has a place here. */
  has(key: string): boolean {
    return this.#find(key)?.isBack === false;
  }

  /** Whether it was told in the last minutes, has left, and is to be told again. */
  isBack(key: string): boolean {
    return this.#find(key)?.isBack === true;
  }

  /** How many have their places yet. */
  series(now: number): number {
    for (const [key, { at }] of this.#gone) {
      if (now - at < LEAVING_MS) break;
      this.#remove(key);
    }
    return this.#series;
  }

  #find(key: string): Gone | undefined {
    return this.#gone.size === 0 ? undefined : this.#gone.get(textNumber(key));
  }

  #remove(number: number): void {
    const gone = this.#gone.get(number);
    if (gone?.isBack === false) this.#series -= gone.series;
    this.#gone.delete(number);
  }
}
