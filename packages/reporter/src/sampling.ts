/**
 * All that happens before the spool: when the host is sampled, by which collectors, and what feeds gather meanwhile. What its
 * options say can change while it runs, and costs neither a sample nor the connection.
 */
import type { Settings } from '@tributary/program/settings';
import { formatDuration } from '@tributary/shared/units';
import type { ClockSteps } from './clock-steps.ts';
import type { Collector } from './collectors/collector.ts';
import type { Column } from './collectors/columns.ts';
import { joinLayers, type Layer } from './collectors/feed.ts';
import type { ReporterOptions } from './config.ts';
import { Feeds } from './feeds.ts';
import { createLabelWatch } from './label-watch.ts';
import type { Log } from './log.ts';
import type { ReporterCounters } from './own-series.ts';
import { createCpuShortage } from './sampler/cpu-shortage.ts';
import { Pace } from './sampler/pace.ts';
import type { Sampler } from './sampler/sampler.ts';
import { splitLayer } from './sampler/split.ts';
import type { BootClock, Timekeeper } from './sampler/timekeeper.ts';
import { ChosenCollectors, createSampler } from './sampler-setup.ts';
import { SeriesBudget } from './series-budget.ts';
import type { Straining } from './straining.ts';
import { createTick } from './tick.ts';
import { Ticker } from './ticker.ts';

export interface SamplingParts {
  readonly settings: Settings<ReporterOptions>;
  readonly log: Log;
  readonly counters: ReporterCounters;
  readonly time: Timekeeper;
  readonly bootClock: BootClock;
  readonly clockSteps: ClockSteps;
  /** See straining.ts. */
  readonly straining: Pick<Straining, 'slowdown'>;
  /** Tells of the reporter itself. */
  readonly own: Collector;
  /** See append.ts. */
  readonly append: (mono: number, layers: readonly Layer[]) => void;
  /** That tell of what is neither sampled nor a feed. */
  readonly others: readonly Collector[];
}

/** Options that say nothing of what is sampled. */
const ELSEWHERE = /^(spool|log)\./;

export class Sampling {
  readonly #parts: SamplingParts;
  readonly #pace: Pace;
  readonly #budget: SeriesBudget;
  readonly #feeds: Feeds;
  readonly #collectors: ChosenCollectors;
  readonly #sampler: Sampler;
  readonly #ticker: Ticker;
  #watchLabels: (layers: readonly Layer[]) => void;

  constructor(parts: SamplingParts) {
    this.#parts = parts;
    const { settings, log, counters, time, bootClock, clockSteps, append } = parts;
    const { options } = settings;
    const slowdown = () => parts.straining.slowdown;
    this.#pace = createPace(options, log, slowdown);
    this.#budget = createBudget(counters, log);
    this.#feeds = new Feeds({
      ...{ options, log },
      paced: (intervalMs) => this.#pace.paced(intervalMs),
      monotonic: () => bootClock.now(),
      now: () => time.now(),
    });
    this.#collectors = new ChosenCollectors({ options, log });
    this.#sampler = createSampler(this.#setup(), log, counters);
    this.#watchLabels = createLabelWatch(options.label, log);
    this.#ticker = new Ticker({
      host: options.host,
      now: () => time.now(),
      intervalMs: () => this.intervalMs,
      onMissed: () => counters.missedTicks++,
      monotonic: () => performance.now(),
      onTick: createTick({
        ...{ time, clockSteps, counters, append },
        pace: this.#pace,
        feeds: this.#feeds,
        sampler: this.#sampler,
        budget: this.#budget,
        watchLabels: (layers) => this.#watchLabels(layers),
      }),
    });
    settings.onChange((changed) => this.#change(changed));
  }

  /** How far ticks are apart at present. */
  get intervalMs(): number {
    return this.#pace.intervalMs;
  }

  /** See `Sampler.newest`. */
  newest(mono: number): readonly Column[] {
    return this.#sampler.newest(mono);
  }

  /** See `Collector.isStuck`. */
  get isStuck(): boolean {
    return this.#sampler.isStuck;
  }

  start(): void {
    this.#feeds.start();
    this.#ticker.start();
  }

  /** Takes no more ticks; what feeds have gathered since the last one is not lost. */
  async stop(): Promise<void> {
    await this.#feeds.stop();
    await this.#ticker.stop();
    const { time, append } = this.#parts;
    const { at, mono } = time.moment();
    const gathered = this.#feeds
      .take({ mono, wall: at - time.correctionMs })
      .map(({ source, layers }) => ({ source, layers: layers.map(splitLayer) }));
    const { feeds } = this.#budget.fit(mono, { source: 'collectors', layers: [] }, gathered);
    const layers = joinLayers([], feeds).filter(({ length }) => length > 0);
    if (layers.length > 0) append(mono, layers);
  }

  /** There is a connection. @param seriesMax that the gateway takes of a host */
  welcomed(seriesMax: number): void {
    this.#budget.limit(seriesMax);
    // The wish was that of the connection before; this one may have another.
    this.#pace.wish(0);
  }

  /** The time is known now: see `Ticker.first`. */
  first(): void {
    this.#ticker.first();
  }

  /** See `Pace.wish`. */
  wish(intervalMs: number): void {
    this.#pace.wish(intervalMs);
  }

  #change(changed: readonly string[]): void {
    if (changed.every((name) => ELSEWHERE.test(name))) return;
    const { settings, log } = this.#parts;
    this.#feeds.update();
    this.#sampler.change(this.#setup());
    if (changed.includes('label')) this.#watchLabels = createLabelWatch(settings.options.label, log);
  }

  #setup() {
    return this.#collectors.setup([this.#parts.own, ...this.#parts.others, ...this.#feeds.own]);
  }
}

function createPace(options: ReporterOptions, log: Log, slowdown: () => number): Pace {
  return new Pace({
    interval: () => options.interval,
    slowdown,
    shortage: createCpuShortage(options['path.procfs']),
    monotonic: () => performance.now(),
    onChange: (fromMs, toMs, why) =>
      log.info(
        { interval: formatDuration(toMs), before: formatDuration(fromMs), why },
        `the pace is ${toMs > fromMs ? 'slower' : 'quicker'} now`,
      ),
  });
}

function createBudget({ overLimit }: ReporterCounters, log: Log): SeriesBudget {
  return new SeriesBudget({
    onLeftOut: (source, { samples, series, seriesMax }) => {
      // The first time is told, and the counter goes on.
      if (!overLimit.has(source))
        log.warn(
          { source, series, seriesMax },
          'the host has more series than a gateway takes; some are left out',
        );
      overLimit.set(source, (overLimit.get(source) ?? 0) + samples);
    },
  });
}
