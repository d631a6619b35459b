/** A seeded random source, so that whatever is random can be repeated. */

export interface Random {
  /** At least 0, below 1. */
  (): number;
  /** A whole number, at least 0, below `limit`. */
  below(limit: number): number;
  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T;
}

/** Mulberry32: 32 bits of state, good enough for tests and jitter, not for secrets. */
export function randomOf(seed: number): Random {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return Object.assign(next, {
    below,
    // `below` is within the array unless it is empty.
    pick: <T>(items: readonly T[]): T => items[below(items.length)] as T,
  });
}
