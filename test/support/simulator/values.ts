/** Values as a deterministic function of a series' seed and the tick: any of them can be made again by itself. */

export type Behaviour = 'counter' | 'gauge' | 'constant' | 'odd';

/** How one series behaves. */
export interface SeriesPlan {
  readonly behaviour: Behaviour;
  /** 32 bits that are this series' own. */
  readonly seed: number;
  /** It changes once in so many ticks. */
  readonly period: number;
}

/** A well mixed 32-bit number for every pair (the finalizer of MurmurHash3). */
export function mix(a: number, b: number): number {
  let h = (a ^ Math.imul(b, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** What a series reads at a tick; null where it has nothing to say. */
export function valueAt({ behaviour, seed, period }: SeriesPlan, tick: number): number | null {
  // Series of one period do not all change at the same tick.
  const step = Math.floor((tick + (seed % period)) / period);
  switch (behaviour) {
    case 'constant':
      return seed * 4096;
    case 'counter':
      // Hundredths, as CPU seconds have; it rises by up to 10.23 a step and never falls.
      return (seed + step * ((seed >>> 22) + 1)) / 100;
    case 'gauge':
      // Sixteen digits and more, so that a rounding anywhere shows.
      return (mix(seed, step) / 3) * 10 ** ((seed % 13) - 6);
    case 'odd':
      return oddValue(mix(seed, step));
  }
}

const ODD: readonly (number | null)[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  null,
  0,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  -Number.MAX_SAFE_INTEGER,
  0.1,
];

function oddValue(random: number): number | null {
  return ODD[random % ODD.length] ?? null;
}
