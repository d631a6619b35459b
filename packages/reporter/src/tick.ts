/** One tick: what feeds have gathered and what the collectors tell now, put into the spool at one moment. */
import type { ClockSteps } from './clock-steps.ts';
import { joinLayers, type Layer, type TickMoment } from './collectors/feed.ts';
import type { ReporterCounters } from './own-series.ts';
import type { Pace } from './sampler/pace.ts';
import type { Sampler } from './sampler/sampler.ts';
import { splitLayer } from './sampler/split.ts';
import type { Timekeeper } from './sampler/timekeeper.ts';
import type { Gathered, SeriesBudget } from './series-budget.ts';

/** Collectors of one tick get half the interval, and no more than this: what is late says little of its tick. */
const DEADLINE_MS_MAX = 2_500;

export interface TickParts {
  readonly time: Pick<Timekeeper, 'observe' | 'moment' | 'correctionMs'>;
  readonly clockSteps: ClockSteps;
  readonly pace: Pick<Pace, 'observe' | 'intervalMs'>;
  readonly counters: Pick<ReporterCounters, 'lateTicks' | 'tickDelayMs'>;
  /** See feeds.ts. */
  readonly feeds: { take(moment: TickMoment): readonly Gathered[] };
  readonly sampler: Pick<Sampler, 'sample'>;
  readonly budget: SeriesBudget;
  /** See append.ts. */
  readonly append: (mono: number, layers: readonly Layer[]) => void;
  /** See label-watch.ts. */
  readonly watchLabels: (layers: readonly Layer[]) => void;
}

export function createTick(parts: TickParts) {
  const { time, clockSteps, pace, counters, feeds, sampler, budget, append, watchLabels } = parts;
  return async (isLate: boolean, lateMs: number): Promise<void> => {
    if (isLate) counters.lateTicks++;
    counters.tickDelayMs = Math.max(lateMs, 0);
    pace.observe(isLate);
    clockSteps.note(time.observe());
    const { at, mono } = time.moment();
    // Before the collectors are asked: what a feed hands over must not be younger than the tick.
    const moment = { mono, wall: at - time.correctionMs };
    const gathered = feeds
      .take(moment)
      .map(({ source, layers }) => ({ source, layers: layers.map(splitLayer) }));
    const tickMs = pace.intervalMs;
    const columns = await sampler.sample(Math.min(DEADLINE_MS_MAX, tickMs / 2), tickMs, mono);
    const fit = budget.fit(mono, { source: 'collectors', layers: [columns] }, gathered);
    const layers = joinLayers(fit.host.flat(), fit.feeds);
    watchLabels(layers);
    append(mono, layers);
  };
}
