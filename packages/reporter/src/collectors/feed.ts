/**
 * What tells series at its own pace: targets that are scraped, applications that report by themselves. A collector is
 * asked once a tick and answers; a feed gathers meanwhile, and hands over what it has when the tick comes. So every
 * tick is one write to the disk, whatever else the host has to tell.
 */
import type { Collector } from './collector.ts';
import type { Column } from './columns.ts';

/** Columns that have no series in common: what fits into one batch. */
export type Layer = readonly Column[];

/** When a tick is taken, on the two clocks that feeds know. Both in whole ms. */
export interface TickMoment {
  /** Counts from this boot on, through suspends, and is never set. */
  readonly mono: number;
  /** The host's own time of day, be it right or wrong: timestamps that programs on the host give are of it. */
  readonly wall: number;
}

export interface Feed {
  /** Tells of the feed itself, among the reporter's own series. */
  readonly own?: Collector;
  /** Begins to gather. Called once. */
  start(): void;
  /**
   * Hands over what was gathered since the last call: layers, the oldest first, most often one or none. Each column
   * says by `ageMs` how long before `moment` it was taken. Timestamps of a series rise strictly from call to call: what
   * would not is left out and counted. Never fails, never waits, and holds a bounded amount meanwhile.
   */
  take(moment: TickMoment): readonly Layer[];
  /** Gathers no more, and lets go of sockets and timers. What it has can still be taken, once. */
  stop(): Promise<void>;
}

/**
 * Joins what the collectors took at this very moment with what feeds have gathered. Newest with newest, so that there are
 * no more batches than the feed with the most layers needs.
 * @returns layers, the oldest first; the last holds the collectors' columns.
 */
export function joinLayers(columns: Layer, gathered: readonly (readonly Layer[])[]): readonly Layer[] {
  const count = Math.max(1, ...gathered.map(({ length }) => length));
  const joined: Column[][] = Array.from({ length: count }, () => []);
  for (const layers of gathered) {
    for (const [i, layer] of layers.entries()) joined[count - layers.length + i]?.push(...layer);
  }
  joined.at(-1)?.unshift(...columns);
  return joined;
}
