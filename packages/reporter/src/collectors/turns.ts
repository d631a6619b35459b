/** Of many devices, those whose turn it is in this tick: what hardly ever changes need not be read of all of them each time. */

/** Within so long each device has its turn, whatever the interval: what an administrator sets is told within a minute. */
const ROUND_MS = 60_000;
/**
 * At most so many devices a tick, so that a host with many (more than 96 at ticks of 10 s) has longer rounds, not longer
 * ticks.
 */
const TURN_MAX = 16;

export interface Turns {
  /**
   * Begins a tick.
   * @param now monotonic, in ms.
   * @returns whether it is the turn of the i-th of `count` devices.
   */
  next(count: number, now: number): (i: number) => boolean;
}

export function createTurns(): Turns {
  let first = 0;
  let before: number | null = null;
  return {
    next(count, now) {
      const part = before === null ? 1 : (now - before) / ROUND_MS;
      before = now;
      const from = count === 0 ? 0 : first % count;
      const length = Math.min(TURN_MAX, Math.max(1, Math.ceil(count * part)));
      first = from + length;
      return (i) => (i - from + count) % count < length;
    },
  };
}
