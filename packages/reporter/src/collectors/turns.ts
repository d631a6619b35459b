/** Of many devices, those whose turn it is in this tick: what hardly ever changes need not be read of all of them each time. */

/** Within so many ticks each device has its turn: what an administrator sets is told within a minute, at ticks of 10 s. */
const ROUND_TICKS = 6;
/** At most so many devices a tick, so that a host with many has longer rounds, not longer ticks. */
const TURN_MAX = 16;

export interface Turns {
  /** Begins a tick. @returns whether it is the turn of the i-th of `count` devices. */
  next(count: number): (i: number) => boolean;
}

export function createTurns(): Turns {
  let first = 0;
  return {
    next(count) {
      const from = count === 0 ? 0 : first % count;
      const length = Math.min(TURN_MAX, Math.ceil(count / ROUND_TICKS));
      first = from + length;
      return (i) => (i - from + count) % count < length;
    },
  };
}
