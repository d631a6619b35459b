/**
 * Runs the collectors of one tick, each under a deadline, so that one that fails, hangs or has nothing costs only
 * itself. A collector that passed its deadline is left alone until it comes back: it is never started twice.
 *
 * A collector with an interval of its own runs at the ticks where it is due. What it has between them is not told again,
 * since a value that looks new and is not would falsify rates; only where the interval is so long that Prometheus would
 * take the series for gone, the last values are told at every tick.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Labels, Shape } from '@tributary/shared/shape';
import { type Collector, type LeftOut, NoDataError, PartialDataError } from '../collectors/collector.ts';
import { type Column, ColumnRecorder } from '../collectors/columns.ts';
import { splitColumn } from './split.ts';

/** What can change from one sample to the next. */
export interface SamplerSetup {
  readonly collectors: readonly Collector[];
  /** The target's labels of every collector's series. */
  readonly labels: Labels;
  /** How often a collector runs, in ms; what is no longer than a tick is every tick. Every tick unless given. */
  readonly intervalOf?: (collector: string) => number;
}

export interface SamplerOptions extends SamplerSetup {
  /** Told of failures; the same one of a collector is told once until it changes. `error` is null when it recovered. */
  readonly onOutcome: (collector: string, error: Error | null) => void;
  /** Told once a tick of a collector some of whose series cannot be told. */
  readonly onLeftOut?: (collector: string, leftOut: LeftOut) => void;
  /** Labels of `node_exporter_build_info`; without them there is none. */
  readonly buildInfo?: Labels;
  /** Monotonic, in ms. */
  readonly monotonic: () => number;
}

/** A query sees a series' last sample for five minutes: half of that leaves room for a tick that fails. */
export const TOLD_AGAIN_MS = 150_000;

interface Newest {
  readonly column: Column;
  readonly at: number;
}

interface Slot {
  readonly collector: Collector;
  recorder: ColumnRecorder;
  /** Set while a run that passed its deadline has not come back. */
  hung: boolean;
  /** What was told last; '' while all is well. */
  told: string;
  intervalMs: number;
  /** When it began to run last; null when it is due whatever the time. */
  ranAt: number | null;
  last: Outcome | null;
  /** What it told last, whenever that was. */
  shape: Shape | null;
  /** The newest of its columns, and when it was told; null once it has failed. */
  newest: Newest | null;
  /** One of the same name whose run has not come back: this one waits for it. */
  readonly before: Slot | null;
}

interface Outcome {
  readonly name: string;
  readonly seconds: number;
  readonly column: Column | null;
  readonly error: Error | null;
  readonly slot: Slot;
}

function isStuck({ hung, collector }: Slot): boolean {
  return hung || collector.isStuck?.() === true;
}

function isFailure(error: Error | null): boolean {
  return error !== null && !(error instanceof NoDataError || error instanceof PartialDataError);
}

const DURATION_HELP = 'node_exporter: Duration of a collector scrape.';
const SUCCESS_HELP = 'node_exporter: Whether a collector succeeded.';
const BUILD_HELP =
  "A metric with a constant '1' value labeled by version, revision, branch, goversion from which node_exporter was built, and the goos and goarch for the build.";

export class Sampler {
  readonly #options: SamplerOptions;
  #setup: SamplerSetup;
  #next: SamplerSetup | null = null;
  #slots: readonly Slot[];
  /** Of collectors that are gone, while a call of theirs has not come back. */
  #gone: readonly Slot[] = [];
  #own: ColumnRecorder;
  #ownNewest: Newest | null = null;
  /** Names of families, for as long as a shape is used. */
  readonly #names = new WeakMap<Shape, ReadonlySet<string>>();

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#setup = options;
    this.#own = new ColumnRecorder(options.labels);
    this.#slots = options.collectors.map((collector) => this.#slotFor(collector, []));
  }

  /** True while a collector has a call that has not come back: see `Collector.isStuck`. */
  get isStuck(): boolean {
    return [...this.#slots, ...this.#gone].some(isStuck);
  }

  /**
   * What every collector told last, unless it failed since; how old it is is said with each.
   * @param mono now, on the clock of the ticks
   */
  newest(mono: number): readonly Column[] {
    const all = [...this.#slots.map(({ newest }) => newest), this.#ownNewest];
    return all.flatMap((newest) => {
      if (newest === null) return [];
      const { column, at } = newest;
      return [{ ...column, ageMs: (column.ageMs ?? 0) + mono - at }];
    });
  }

  /**
   * Other collectors, labels or intervals, from the next sample on. A collector that is the same object goes on with what it
   * has; one that still runs is not started a second time in the shape of another.
   */
  change(setup: SamplerSetup): void {
    this.#next = setup;
  }

  /**
   * Runs every collector that is due. Never fails, and never takes longer than the deadline.
   * @param tickMs how long it is to the next tick; a collector that will be due before half of it is due now.
   * @param at when the tick is taken, on any clock in ms: what `newest` counts ages from.
   */
  async sample(deadlineMs: number, tickMs = 0, at = 0): Promise<readonly Column[]> {
    if (this.#next !== null) this.#adopt(this.#next);
    const deadline = new AbortController();
    const timer = setTimeout(
      () => deadline.abort(new Error(`no answer within ${deadlineMs} ms`)),
      deadlineMs,
    );
    try {
      const outcomes = await Promise.all(
        this.#slots.map((slot) => this.#visit(slot, tickMs, deadline.signal)),
      );
      const own = this.#ownColumn(outcomes);
      this.#ownNewest = own === null ? null : { column: own, at };
      const columns = this.#settle(outcomes, own, at).flatMap((column) => splitColumn(column));
      return own === null ? columns : [...columns, own];
    } finally {
      clearTimeout(timer);
    }
  }

  #adopt(setup: SamplerSetup): void {
    const before = [...this.#slots, ...this.#gone];
    const areSameLabels = isDeepStrictEqual(setup.labels, this.#setup.labels);
    this.#setup = setup;
    this.#next = null;
    this.#slots = setup.collectors.map((collector) => {
      const slot = before.find((known) => known.collector === collector);
      if (slot === undefined || !areSameLabels) return this.#slotFor(collector, before);
      slot.intervalMs = setup.intervalOf?.(collector.name) ?? 0;
      return slot;
    });
    this.#gone = before.filter((slot) => !this.#slots.includes(slot) && isStuck(slot));
    if (!areSameLabels) this.#own = new ColumnRecorder(setup.labels);
  }

  /** @param others that there were up to now */
  #slotFor(collector: Collector, others: readonly Slot[]): Slot {
    const { labels, intervalOf } = this.#setup;
    const namesakes = others.filter((slot) => slot.collector.name === collector.name);
    return {
      collector,
      recorder: new ColumnRecorder(labels),
      hung: false,
      told: namesakes[0]?.told ?? '',
      intervalMs: intervalOf?.(collector.name) ?? 0,
      ranAt: null,
      last: null,
      shape: null,
      newest: null,
      before: namesakes.find(isStuck) ?? null,
    };
  }

  async #visit(slot: Slot, tickMs: number, signal: AbortSignal): Promise<Outcome> {
    const { last, ranAt, intervalMs } = slot;
    const now = this.#options.monotonic();
    const isDue = last === null || ranAt === null || now - ranAt >= intervalMs - tickMs / 2;
    if (!isDue) return intervalMs > TOLD_AGAIN_MS ? last : { ...last, column: null };
    const outcome = await this.#run(slot, signal);
    slot.last = outcome;
    // One that failed tries again at the next tick: a slow one would be missing for long.
    slot.ranAt = isFailure(outcome.error) ? null : now;
    return outcome;
  }

  async #run(slot: Slot, signal: AbortSignal): Promise<Outcome> {
    const { name } = slot.collector;
    const startedMs = this.#options.monotonic();
    let column: Column | null = null;
    let error: Error | null = null;
    try {
      if (slot.hung || (slot.before !== null && isStuck(slot.before)))
        throw new Error('an earlier run has not come back yet');
      const running = slot.collector.collect(slot.recorder, signal);
      // Most collectors are done here already; only those that wait for something pay for a race.
      if (running !== undefined) await this.#beforeDeadline(slot, running, signal);
      column = slot.recorder.take();
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (error instanceof PartialDataError) column = slot.recorder.take();
      else if (!slot.hung) slot.recorder.reset();
    }
    if (column !== null) slot.shape = column.shape;
    this.#tell(slot, error);
    return { name, seconds: (this.#options.monotonic() - startedMs) / 1000, column, error, slot };
  }

  /** A family is told by one collector: what others have written gives way, or the gateway would refuse it whole. */
  #settle(outcomes: readonly Outcome[], own: Column | null, at: number): Column[] {
    const settled: Column[] = [];
    const keep = (slot: Slot, column: Column) => {
      settled.push(column);
      slot.newest = { column, at };
    };
    for (const { name, column, error, slot } of outcomes) {
      const { leftOut } = slot.recorder;
      if (column === null) {
        if (error !== null) slot.newest = null;
        continue;
      }
      if (leftOut !== null) this.#options.onLeftOut?.(name, leftOut);
      if (slot.collector.settle === undefined) {
        keep(slot, column);
        continue;
      }
      // Also what is not told in this very tick: whose a family is does not change from one to the next.
      const others = this.#slots.flatMap((other) => (other === slot ? [] : (other.shape ?? [])));
      const shapes = own === null ? others : [own.shape, ...others];
      const isTold = (family: string) => shapes.some((shape) => this.#namesOf(shape).has(family));
      const result = slot.collector.settle(column, isTold);
      if (result.leftOut !== null) this.#options.onLeftOut?.(name, result.leftOut);
      keep(slot, result.column);
    }
    return settled;
  }

  #namesOf(shape: Shape): ReadonlySet<string> {
    let names = this.#names.get(shape);
    if (names === undefined) {
      names = new Set(shape.families.map(({ name }) => name));
      this.#names.set(shape, names);
    }
    return names;
  }

  #beforeDeadline(slot: Slot, running: Promise<void>, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const expire = () => {
        slot.hung = true;
        const back = () => {
          slot.hung = false;
          // What it wrote too late belongs to no tick.
          slot.recorder = new ColumnRecorder(this.#setup.labels);
        };
        running.then(back, back);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', expire, { once: true });
      running.then(resolve, reject).finally(() => signal.removeEventListener('abort', expire));
    });
  }

  #tell(slot: Slot, error: Error | null): void {
    const text = error === null || error instanceof NoDataError ? '' : error.message;
    if (text === slot.told) return;
    slot.told = text;
    this.#options.onOutcome(slot.collector.name, text === '' ? null : error);
  }

  #ownColumn(outcomes: readonly Outcome[]): Column | null {
    this.#own.family('node_scrape_collector_duration_seconds', 'gauge', DURATION_HELP, ['collector']);
    for (const { name, seconds } of outcomes) this.#own.add(seconds, name);
    this.#own.family('node_scrape_collector_success', 'gauge', SUCCESS_HELP, ['collector']);
    for (const { name, error } of outcomes) this.#own.add(error === null ? 1 : 0, name);
    const { buildInfo } = this.#options;
    if (buildInfo !== undefined) {
      this.#own.family('node_exporter_build_info', 'gauge', BUILD_HELP, Object.keys(buildInfo));
      this.#own.add(1, ...Object.values(buildInfo));
    }
    return this.#own.take();
  }
}
