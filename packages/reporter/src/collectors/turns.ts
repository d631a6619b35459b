/** Of many devices, those whose turn it is in this tick: what hardly ever changes need not be read of all of them each time. */

/** So many devices a tick; hosts with no more have all of them read every time. */
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
      first = from + TURN_MAX;
      return (i) => (i - from + count) % count < TURN_MAX;
    },
  };
}
