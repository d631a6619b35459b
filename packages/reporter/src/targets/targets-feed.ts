/**
 * The targets that are forwarded, as one feed.
 *
 *     client ─► reader ─► columns ─► what waits for the tick
 *
 * A loop a target (target-loop.ts) decides when; a scraper (scraper.ts) asks, reads and makes columns of the answer. What a
 * bad target can cost is bounded at each step, and costs no other target anything: those that keep us waiting hold a socket
 * each and no place in any line, and what is scarce (memory for large bodies, the system's resolver) is shared.
 */
import { lookup } from 'node:dns';
import type { Collector } from '../collectors/collector.ts';
import { type Feed, joinLayers, type Layer, type TickMoment } from '../collectors/feed.ts';
import { Claims } from './claims.ts';
import { TargetCounters } from './counters.ts';
import { Gate } from './gate.ts';
import { createLookup } from './lookup.ts';
import { Scraper } from './scraper.ts';
import { type TargetLog, TargetLoop } from './target-loop.ts';
import type { Target } from './target-options.ts';

export interface TargetsOptions {
  readonly targets: readonly Target[];
  readonly host: string;
  readonly userAgent: string;
  readonly log: TargetLog;
  /** The clocks that `TickMoment` is of. */
  readonly monotonic: () => number;
  readonly wall: () => number;
}

/** Large bodies that are in memory at a time. */
const LARGE_BODIES_MAX = 2;

export class TargetsFeed implements Feed {
  readonly own: Collector;
  readonly #loops: readonly TargetLoop[];

  constructor({ targets, ...common }: TargetsOptions) {
    const counters = new TargetCounters(targets.map(({ job }) => job));
    this.own = counters.own;
    const parts = {
      ...common,
      claims: new Claims(),
      largeBodies: new Gate(LARGE_BODIES_MAX),
      lookup: createLookup(lookup),
      lookupElsewhere: createLookup(lookup, 1),
    };
    this.#loops = targets.map((target) => {
      const scraper = new Scraper(target, target, parts);
      return new TargetLoop(target, scraper, { ...common, counters });
    });
  }

  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  take(moment: TickMoment): readonly Layer[] {
    const layers = joinLayers(
      [],
      this.#loops.map((loop) => loop.take(moment)),
    );
    return layers.filter(({ length }) => length > 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
  }
}
