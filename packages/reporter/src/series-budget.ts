/**
 * One limit for all that a reporter tells. A gateway takes so many series of a host, and counts those of every shape of
 * the last five minutes that no later one restates (docs/PROTOCOL.md, "Limits"). It rejects what comes
 * too much, whosever it is; so the same count is kept here, where it is known what should go first.
 *
 * A shape that was told a moment ago has its place already, whether it is told again or not. What is new gets one while
 * there are places left: the host's own collectors first, the small ones before the large, then the feeds in their order. A
 * column has all of its series told or none, since a shape is announced whole.
 */
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import { type Shape, seriesCount } from '@tributary/shared/shape';
import type { Column } from './collectors/columns.ts';
import type { Layer } from './collectors/feed.ts';
import { shapeKeys } from './collectors/shape-keys.ts';

/** What one source has for a tick, the oldest layer first. */
export interface Gathered {
  readonly source: string;
  readonly layers: readonly Layer[];
}

/** What was left out of one source's columns in one tick. */
export interface OverLimit {
  readonly samples: number;
  readonly series: number;
  readonly seriesMax: number;
}

export interface SeriesBudgetOptions {
  /** Called once a tick for each source that had too much. */
  readonly onLeftOut: (source: string, what: OverLimit) => void;
}

/** So long a gateway counts a shape that is told no more. */
const LIVE_MS = 5 * 60_000;
/** Feeds leave this part of all places to collectors that find more later on. */
const SPARE_PART = 1 / 40;
/** Shapes of the last minutes that are remembered: twice as many as by a gateway. */
const SHAPES_MAX = 1_024;

interface Told {
  readonly series: number;
  /** When it was last told. */
  at: number;
  /** Null once it is told no more: its keys are a twentieth of it. */
  shape: Shape | null;
  keys: Float64Array | null;
}

export class SeriesBudget {
  readonly #options: SeriesBudgetOptions;
  #seriesMax = DEFAULT_LIMITS.seriesMax;
  /** In the order of `at`. */
  readonly #told = new Set<Told>();
  #byShape = new WeakMap<Shape, Told>();

  constructor(options: SeriesBudgetOptions) {
    this.#options = options;
  }

  /** What the gateway takes. One that takes another number has not counted what was told so far. */
  limit(seriesMax: number): void {
    if (seriesMax === this.#seriesMax) return;
    this.#seriesMax = seriesMax;
    this.#told.clear();
    this.#byShape = new WeakMap();
  }

  /**
   * @param now monotonic, in ms.
   * @param host what the collectors tell.
   * @returns the same, without what there is no place for.
   */
  fit(
    now: number,
    host: Gathered,
    feeds: readonly Gathered[],
  ): { host: readonly Layer[]; feeds: readonly (readonly Layer[])[] } {
    for (const told of this.#told) if (told.at < now - LIVE_MS) this.#told.delete(told);
    const own = shapesOf([host]);
    const others = shapesOf(feeds);
    const isRoomy = this.#wouldBe([...own, ...others]) <= this.#feedsMax;
    const kept = isRoomy ? null : this.#choose(own, others);
    this.#note(kept ?? [...own, ...others], now);
    if (kept === null) return { host: host.layers, feeds: feeds.map(({ layers }) => layers) };
    return { host: this.#only(kept, host), feeds: feeds.map((feed) => this.#only(kept, feed)) };
  }

  get #feedsMax(): number {
    return this.#seriesMax - Math.ceil(this.#seriesMax * SPARE_PART);
  }

  #has(shape: Shape): boolean {
    const told = this.#byShape.get(shape);
    return told !== undefined && this.#told.has(told);
  }

  /** At most; what is restated is counted twice. */
  #wouldBe(shapes: readonly Shape[]): number {
    let series = total(this.#told);
    for (const shape of new Set(shapes)) if (!this.#has(shape)) series += seriesCount(shape);
    return series;
  }

  #choose(own: ReadonlySet<Shape>, others: ReadonlySet<Shape>): ReadonlySet<Shape> {
    const kept = new Set([...own, ...others].filter((shape) => this.#has(shape)));
    const isNew = (shape: Shape) => !kept.has(shape);
    const small = [...own].filter(isNew).sort((a, b) => seriesCount(a) - seriesCount(b));
    // The host may have those places too that feeds have now: they come last in the batch, and the gateway turns them away.
    // To leave them out here would free nothing, as it counts what was told.
    for (const shape of small) {
      const after = new Set([...kept, shape]);
      const host = total([...after].filter((each) => own.has(each)).map((each) => this.#entryOf(each)));
      if (host + this.#beside(after) <= this.#seriesMax) kept.add(shape);
    }
    for (const shape of [...others].filter(isNew)) {
      const after = new Set([...kept, shape]);
      const all = total([...after].map((each) => this.#entryOf(each)));
      if (all + this.#beside(after) <= this.#feedsMax) kept.add(shape);
    }
    return kept;
  }

  /** Series that the gateway counts beside these shapes. */
  #beside(shapes: ReadonlySet<Shape>): number {
    const present = new Set([...shapes].map((shape) => this.#entryOf(shape)));
    const keys = new Set<number>();
    for (const told of present) for (const key of keysOf(told)) keys.add(key);
    const isIn = (told: Told, known: ReadonlySet<number>) => keysOf(told).some((key) => known.has(key));
    const gone = [...this.#told].filter((told) => !present.has(told) && !isIn(told, keys));
    const later = new Set<number>();
    const counted = gone.reverse().filter((told) => {
      if (isIn(told, later)) return false;
      for (const key of keysOf(told)) later.add(key);
      return true;
    });
    return total(counted);
  }

  /** Made once, also for a shape that finds no place tick after tick. */
  #entryOf(shape: Shape): Told {
    let entry = this.#byShape.get(shape);
    if (entry === undefined) {
      entry = { series: seriesCount(shape), at: Number.NEGATIVE_INFINITY, shape, keys: null };
      this.#byShape.set(shape, entry);
    }
    return entry;
  }

  #note(shapes: Iterable<Shape>, now: number): void {
    for (const shape of shapes) {
      const told = this.#entryOf(shape);
      told.at = now;
      told.shape = shape;
      this.#told.delete(told);
      this.#told.add(told);
    }
    for (const told of this.#told) {
      if (told.at === now) break;
      if (this.#told.size > SHAPES_MAX) this.#told.delete(told);
      else if (told.shape !== null) {
        told.keys = keysOf(told);
        told.shape = null;
      }
    }
  }

  #only(kept: ReadonlySet<Shape>, { source, layers }: Gathered): readonly Layer[] {
    let samples = 0;
    const without = new Set<Shape>();
    const fit = layers.map((layer) =>
      layer.filter(({ shape, values }) => {
        if (kept.has(shape)) return true;
        without.add(shape);
        samples += values.reduce<number>((sum, value) => (value === null ? sum : sum + 1), 0);
        return false;
      }),
    );
    const series = [...without].reduce((sum, shape) => sum + seriesCount(shape), 0);
    if (without.size > 0) this.#options.onLeftOut(source, { samples, series, seriesMax: this.#seriesMax });
    return fit;
  }
}

function total(shapes: Iterable<Told>): number {
  let series = 0;
  for (const told of shapes) series += told.series;
  return series;
}

function keysOf(told: Told): Float64Array {
  told.keys ??= told.shape === null ? new Float64Array() : shapeKeys(told.shape);
  return told.keys;
}

function shapesOf(gathered: readonly Gathered[]): ReadonlySet<Shape> {
  const shapes = new Set<Shape>();
  for (const { layers } of gathered)
    for (const layer of layers) for (const { shape } of layer as readonly Column[]) shapes.add(shape);
  return shapes;
}
