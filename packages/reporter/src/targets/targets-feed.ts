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
import { Scraper, type ScraperParts } from './scraper.ts';
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
  /** What an interval is at present: slower while the reporter takes too much, or the gateway wishes it. */
  readonly paced: (intervalMs: number) => number;
}

/** Large bodies that are in memory at a time. */
const LARGE_BODIES_MAX = 2;

type Parts = Omit<TargetsOptions, 'targets'> & ScraperParts;

export class TargetsFeed implements Feed {
  readonly own: Collector;
  readonly #parts: Parts;
  readonly #counters: TargetCounters;
  /** By the target's key. */
  #loops: ReadonlyMap<string, TargetLoop>;
  /** What they have scraped is still to be handed over. */
  #leaving: TargetLoop[] = [];
  #stopping: Promise<unknown> = Promise.resolve();
  #isStarted = false;

  constructor({ targets, ...common }: TargetsOptions) {
    this.#counters = new TargetCounters([]);
    this.own = this.#counters.own;
    this.#parts = {
      ...common,
      claims: new Claims(),
      largeBodies: new Gate(LARGE_BODIES_MAX),
      lookup: createLookup(lookup),
      lookupElsewhere: createLookup(lookup, 1),
    };
    this.#loops = new Map();
    this.update(targets);
  }

  /** Other targets from now on. Those that stay the same are scraped as if nothing had happened. */
  update(targets: readonly Target[]): void {
    const before = this.#loops;
    const keys = new Set(targets.map(({ key }) => key));
    const gone = [...before].filter(([key]) => !keys.has(key)).map(([, loop]) => loop);
    this.#leaving.push(...gone);
    for (const loop of gone) loop.leave();
    this.#stopping = Promise.all([this.#stopping, ...gone.map((loop) => loop.stop())]);
    this.#counters.tell(targets.map(({ job }) => job));
    this.#loops = new Map(
      targets.map((target) => [target.key, before.get(target.key) ?? this.#begin(target)]),
    );
  }

  start(): void {
    this.#isStarted = true;
    for (const loop of this.#loops.values()) loop.start();
  }

  take(moment: TickMoment): readonly Layer[] {
    // Whoever came in their place may tell the same series, which one layer cannot hold twice.
    const last = joinAll(this.#leaving, moment);
    this.#leaving = [];
    return [...last, ...joinAll([...this.#loops.values()], moment)];
  }

  async stop(): Promise<void> {
    await Promise.all([this.#stopping, ...[...this.#loops.values()].map((loop) => loop.stop())]);
  }

  #begin(target: Target): TargetLoop {
    const scraper = new Scraper(target, target, this.#parts);
    const loop = new TargetLoop(target, scraper, { ...this.#parts, counters: this.#counters });
    if (this.#isStarted) loop.start();
    return loop;
  }
}

function joinAll(loops: readonly TargetLoop[], moment: TickMoment): readonly Layer[] {
  const layers = joinLayers(
    [],
    loops.map((loop) => loop.take(moment)),
  );
  return layers.filter(({ length }) => length > 0);
}
