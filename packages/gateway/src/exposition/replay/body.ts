/** Collects what one body shows: points by shape and host, and for each host what that takes of its log. */
import { type Column, presentCount } from '@tributary/shared/column';
import type { FleetHost } from '../../fleet/host.ts';
import type { LogRange, ShapeKey, StoredEntry } from '../../ledger/ledger.ts';
import type { AdmittedShape } from '../../link/admission.ts';
import { targetText } from '../../link/series-text.ts';
import type { ShapeRegistry } from '../../link/shape-registry.ts';
import type { HostInput, HostPoints, Point } from '../input.ts';
import type { HostServed, Skip } from './delivery.ts';
import type { HostPlan } from './plan.ts';
import type { HostEntries } from './read-plans.ts';

/** Which series go into the body: see `Selection`. */
export interface SeriesFilter {
  /** Flags of those that do not, by place in the column; null when all do, `none` when none does. */
  hiddenOf(shape: AdmittedShape, host: string): Uint8Array | null | 'none';
}

export class BodyCollector {
  readonly #filter: SeriesFilter;
  readonly #shapes: ShapeRegistry;
  readonly #windowSince: number;
  readonly #input = new Map<AdmittedShape, HostPoints[]>();
  readonly #served = new Map<string, HostServed>();
  readonly #admitted = new Map<ShapeKey, AdmittedShape | null>();
  #samples = 0;

  /** @param windowSince points before this moment are passed over */
  constructor(filter: SeriesFilter, shapes: ShapeRegistry, windowSince: number) {
    this.#filter = filter;
    this.#shapes = shapes;
    this.#windowSince = windowSince;
  }

  get input(): HostInput {
    return this.#input;
  }

  get served(): ReadonlyMap<string, HostServed> {
    return this.#served;
  }

  /** Host samples in the body. */
  get samples(): number {
    return this.#samples;
  }

  /** The entries of a host; hosts in order of their names. */
  addEntries(host: FleetHost, { plan, entries, ranges, gone }: HostEntries): void {
    const skips: Skip[] = [...tooOldSkips(plan), ...gone.map(skipOf('retention'))];
    const points = new Map<AdmittedShape, Point[]>();
    let newestAt = 0;
    let throughAt = 0;
    const first = ranges.find(({ through }) => through.offset >= (entries[0]?.offset ?? 0));
    for (const entry of entries) {
      newestAt = Math.max(newestAt, entry.at);
      if (entry.offset <= (first?.through.offset ?? 0)) throughAt = entry.at;
      this.#addEntry(host.name, entry, points, skips);
    }
    for (const [shape, list] of points) this.#push(host, shape, list);
    this.#served.set(host.name, { ranges: [...plan.tooOld, ...ranges], skips, newestAt, throughAt });
  }

  /** A host of which nothing is to be read: all that was left of it is too old. */
  addTooOld(plan: HostPlan): void {
    this.#served.set(plan.host, { ranges: plan.tooOld, skips: tooOldSkips(plan), newestAt: 0, throughAt: 0 });
  }

  /**
   * The newest points of a host that has no others. They were served before, and repeating them is free; but a series
   * that is missing from a body would get a stale marker where `track_timestamps_staleness` is set.
   */
  addNewest(host: FleetHost, freshSince: number): void {
    for (const { shape, newest } of host.groups.values()) {
      if (newest.at >= freshSince) this.#addPoint(host, shape, newest.at, newest.column, newest.hidden);
    }
  }

  /**
   * The newest points of a host in place of all that it has to serve.
   * @param takenAt the time of the newest entry that was taken; points after it are new
   */
  addNewestOnly(
    host: FleetHost,
    plan: HostPlan,
    terms: { readonly freshSince: number; readonly takenAt: number; readonly reason: 'client' | 'budget' },
  ): void {
    const before = this.#samples;
    this.addNewest(host, terms.freshSince);
    let fresh = 0;
    for (const { newest } of host.groups.values()) {
      if (newest.at >= terms.freshSince && newest.at > terms.takenAt) fresh += newest.present;
    }
    const last = plan.ranges.at(-1);
    const skips: Skip[] = tooOldSkips(plan);
    for (const range of plan.ranges) {
      const { from, to } = skipOf(terms.reason)(range);
      // What is shown is the newest, so the rest lies before it.
      const shown = range === last ? Math.min(fresh, to - from, this.#samples - before) : 0;
      skips.push({ reason: terms.reason, from, to: to - shown });
    }
    const newestAt = host.lastSampleAt;
    const ranges = [...plan.tooOld, ...plan.ranges];
    this.#served.set(host.name, { ranges, skips, newestAt, throughAt: newestAt });
  }

  #addEntry(host: string, entry: StoredEntry, points: Map<AdmittedShape, Point[]>, skips: Skip[]): void {
    if (entry.kind === 'tombstone') return;
    let samples = entry.samplesThrough - entry.samples;
    for (const { shape: key, at, column } of entry.groups) {
      const from = samples;
      samples += presentCount(column);
      const shape = this.#admit(key);
      if (shape === null) skips.push({ reason: 'inadmissible', from, to: samples });
      else if (at < this.#windowSince) skips.push({ reason: 'window', from, to: samples });
      else {
        const hidden = this.#filter.hiddenOf(shape, host);
        if (hidden === 'none') continue;
        const list = points.get(shape);
        if (list === undefined) points.set(shape, [{ at, column, hidden }]);
        else list.push({ at, column, hidden });
        this.#samples += hidden === null ? samples - from : shownCount(column, hidden);
      }
    }
  }

  #addPoint(host: FleetHost, shape: AdmittedShape, at: number, column: Column, own: Uint8Array | null): void {
    const selected = this.#filter.hiddenOf(shape, host.name);
    if (selected === 'none') return;
    const hidden =
      own === null ? selected : selected === null ? own : own.map((flag, i) => flag | (selected[i] ?? 0));
    this.#push(host, shape, [{ at, column, hidden }]);
    this.#samples += hidden === null ? presentCount(column) : shownCount(column, hidden);
  }

  #push(host: FleetHost, shape: AdmittedShape, points: readonly Point[]): void {
    const target = host.groups.get(shape)?.target ?? targetText(shape.labels, host.name);
    const hosts = this.#input.get(shape);
    if (hosts === undefined) this.#input.set(shape, [{ host: host.name, target, points }]);
    else hosts.push({ host: host.name, target, points });
  }

  #admit(key: ShapeKey): AdmittedShape | null {
    let shape = this.#admitted.get(key);
    if (shape === undefined) {
      ({ shape } = this.#shapes.restore(key));
      this.#admitted.set(key, shape);
    }
    return shape;
  }
}

/** What was removed from the ledger before it left the window, or after: nobody knows, but it is not there. */
function tooOldSkips({ tooOld, storedAfter }: HostPlan): Skip[] {
  return tooOld.map((range) => skipOf(range.through.offset <= storedAfter ? 'retention' : 'window')(range));
}

function skipOf(reason: Skip['reason']): (range: LogRange) => Skip {
  return ({ after, through }) => ({ reason, from: after.samples, to: through.samples });
}

/** Values that are neither absent nor hidden. */
function shownCount({ absent }: Column, hidden: Uint8Array): number {
  let count = 0;
  for (const [i, flag] of hidden.entries()) if (flag === 0 && absent?.[i] !== 1) count++;
  return count;
}
