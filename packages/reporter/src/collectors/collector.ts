/**
 * What a collector is. Each lives in a file of its own, reads its source in one function and parses it in another
 * (`parseLoad(text)`), so that parsing is tested on text alone. Roots of `/proc`, `/sys` and `/` are parameters.
 *
 * A collector writes columns, not samples: it names a family, then adds its series' values in a stable order. See
 * `columns.ts` for why that costs nothing while the order stays the same.
 */
import type { MetricType } from '@tributary/shared/shape';
import type { Column } from './columns.ts';

/** Takes what one collector has to say in one tick. Calls after the tick's deadline go nowhere. */
export interface ColumnWriter {
  /**
   * Starts a family. Every `add` until the next `family` belongs to it and gives one value for each of `labelNames`,
   * in that order. A family may be started once a tick.
   */
  family(name: string, type: MetricType, help: string, labelNames?: readonly string[]): void;
  /**
   * Adds the next series of the present family.
   * @param value a finite number or NaN; `null` when the series has no value now.
   * @throws Error for an infinity, which no host counts up to: the collector fails.
   */
  add(value: number | null, ...labelValues: string[]): void;
  /**
   * Starts a family that was read from someone else's exposition, whose series have labels of their own each. Every
   * `addForeign` until the next family belongs to it.
   */
  foreignFamily(name: string, type: MetricType, help: string): void;
  /**
   * Adds the next series of the present foreign family.
   * @param suffix as in `Series`: `_bucket`, `_sum`, `_count` or nothing.
   * @param labels names and values in turn, in a stable order.
   */
  addForeign(value: number, suffix: string, labels: readonly string[]): void;
  /** Says that all that is written in this tick was taken so many ms before it. Without a call it is of the tick itself. */
  takenBefore(ageMs: number): void;
}

export interface Collector {
  /** As in `--collector.NAME` and `node_scrape_collector_success{collector="NAME"}`. */
  readonly name: string;
  /**
   * Reads once and writes every series it has.
   * @throws NoDataError when the host has nothing of the kind (told apart from failing in the log only, as
   *   node_exporter does); PartialDataError when what was written is right, but not all there is; any other error means
   *   that reading or parsing failed, and what was written goes nowhere.
   */
  collect(out: ColumnWriter, signal: AbortSignal): void | Promise<void>;
  /**
   * True while a call of the system that nothing can cancel has not come back. The end of the process would wait for
   * it, possibly for ever. Collectors that make no such calls leave it out.
   */
  isStuck?(): boolean;
  /**
   * For a collector that tells what others have written: takes out of what it has just told what another collector tells
   * too. Asked once a tick, when all are done.
   * @param isTold whether another collector tells a family of this name.
   */
  settle?(column: Column, isTold: (family: string) => boolean): Settled;
}

/** What a collector tells after all, and what not. */
export interface Settled {
  readonly column: Column;
  /** Null when nothing was left out. */
  readonly leftOut: LeftOut | null;
}

/** Series that a collector had and that cannot be told. */
export interface LeftOut {
  readonly series: number;
  readonly reason: string;
}

/** The host has nothing for this collector, which is no fault. */
export class NoDataError extends Error {
  override readonly name = 'NoDataError';
}

/**
 * Something failed, but not all: what was written before is told, while the collector counts as failed. So it is in
 * node_exporter with whatever a collector has sent before its error.
 */
export class PartialDataError extends Error {
  override readonly name = 'PartialDataError';
}

/** Where the kernel's file systems and the root are found; other than the defaults only in tests and containers. */
export interface Roots {
  /** `/proc` */
  readonly proc: string;
  /** `/sys` */
  readonly sys: string;
  /** `/`, for `/etc/os-release` and mount points. */
  readonly root: string;
}
