/**
 * The truth: what the reporters' spools recorded, turned into the very series and points that a scraper of the gateway
 * must have in the end. It is read from the spool's file, and labels are derived here once more from the rules of
 * docs/PROTOCOL.md ("Labels"), so that nothing of the gateway need be believed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Labels, Shape } from '@tributary/shared/shape';
import Database from 'better-sqlite3';
import { seriesKey } from './series-key.ts';

/** Points of one series, oldest first; times in ms. */
export interface TrueSeries {
  readonly key: string;
  readonly times: number[];
  readonly values: number[];
}

export interface HostTruth {
  readonly host: string;
  readonly series: ReadonlyMap<string, TrueSeries>;
  readonly batches: number;
  readonly points: number;
  /** 0 when there are no points. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** What stands in the way of taking this for the whole truth, one line each. */
  readonly faults: readonly string[];
}

export interface SpooledBatch {
  readonly epoch: string;
  readonly seq: number;
  readonly at: number;
}

export interface TruthOptions {
  /** Which batches count; all unless given. */
  readonly keep?: (batch: SpooledBatch, folder: string) => boolean;
  /** The spool may have lost its beginning, since another copy of it or nobody has it. */
  readonly mayBeginLate?: boolean;
}

interface Row {
  readonly seq: number;
  readonly at: number;
  readonly groups: string;
}

interface SpooledGroup {
  readonly shape: number;
  readonly at?: number;
  readonly values: readonly (number | string | null)[];
}

/**
 * Reads a host's truth from one spool, or from several that it had one after another. Works while a reporter writes.
 * Batches that two copies of a spool have in common count once.
 */
export function readTruth(
  host: string,
  folders: readonly string[],
  { keep = () => true, mayBeginLate = false }: TruthOptions = {},
): HostTruth {
  const collector = new Collector(host);
  for (const folder of folders) readSpool(folder, collector, keep, mayBeginLate);
  return collector.finish();
}

/** The moments that a host has sampled at, ascending, each once; as `readTruth`, but for what was sampled. */
export function readMoments(
  folders: readonly string[],
  { keep = () => true }: TruthOptions = {},
): readonly number[] {
  const moments = new Set<number>();
  for (const folder of folders) {
    withSpool(folder, (db, epoch) => {
      const rows = db.prepare<[], { seq: number; at: number }>('SELECT seq, at FROM batches ORDER BY seq');
      for (const { seq, at } of rows.iterate()) if (keep({ epoch, seq, at }, folder)) moments.add(at);
    });
  }
  return [...moments].sort((a, b) => a - b);
}

function readSpool(
  folder: string,
  collector: Collector,
  keep: NonNullable<TruthOptions['keep']>,
  mayBeginLate: boolean,
): void {
  withSpool(folder, (db, epoch) => {
    const bodies = new Map(
      db
        .prepare<[], { id: number; body: string }>('SELECT id, body FROM shapes')
        .all()
        .map(({ id, body }): [number, Shape] => [id, JSON.parse(body) as Shape]),
    );
    const reader = collector.reader(bodies);
    let expected = 1;
    for (const row of db.prepare<[], Row>('SELECT seq, at, groups FROM batches ORDER BY seq').iterate()) {
      if (row.seq !== expected && !(mayBeginLate && expected === 1)) {
        collector.faults.push(`${folder}: seq ${expected} to ${row.seq - 1} are gone`);
      }
      expected = row.seq + 1;
      if (!keep({ epoch, seq: row.seq, at: row.at }, folder)) continue;
      if (collector.isNew(epoch, row)) reader(row);
    }
  });
}

function withSpool(folder: string, act: (db: Database.Database, epoch: string) => void): void {
  const path = join(folder, 'spool.sqlite');
  // A reader of a write-ahead log needs its index, which SQLite makes where it may.
  const db = new Database(path, { readonly: !isCopy(path), fileMustExist: true });
  try {
    act(db, String(db.prepare("SELECT value FROM meta WHERE name = 'epoch'").pluck().get()));
  } finally {
    db.close();
  }
}

/** A snapshot of a running spool: its log has no index yet. */
function isCopy(path: string): boolean {
  return existsSync(`${path}-wal`) && !existsSync(`${path}-shm`);
}

class Collector {
  readonly faults: string[] = [];
  readonly #host: string;
  readonly #series = new Map<string, TrueSeries>();
  readonly #seen = new Map<string, string>();
  #batches = 0;
  #isSorted = true;

  constructor(host: string) {
    this.#host = host;
  }

  isNew(epoch: string, { seq, at, groups }: Row): boolean {
    const id = `${epoch}/${seq}`;
    const content = `${at}${groups}`;
    const before = this.#seen.get(id);
    if (before !== undefined && before !== content) this.faults.push(`seq ${id} has two contents`);
    // Contents are kept for what copies can have in common only, which is short.
    if (before === undefined) this.#seen.set(id, content.length < 20_000 ? content : '');
    return before === undefined;
  }

  /** @returns what takes the batches of one spool. */
  reader(shapes: ReadonlyMap<number, Shape>): (row: Row) => void {
    const columns = new Map<number, readonly TrueSeries[]>();
    const columnOf = (id: number): readonly TrueSeries[] => {
      let column = columns.get(id);
      if (column === undefined) {
        const shape = shapes.get(id);
        if (shape === undefined)
          throw new Error(`a batch of ${this.#host} names shape ${id}, which is not there`);
        column = keysOf(shape, this.#host).map((key) => this.#seriesOf(key));
        columns.set(id, column);
      }
      return column;
    };
    return (row) => {
      this.#batches++;
      // Written by the reporter's `encodeGroup`.
      for (const group of JSON.parse(row.groups) as SpooledGroup[]) {
        const column = columnOf(group.shape);
        const at = group.at ?? row.at;
        for (let i = 0; i < column.length; i++) {
          const value = group.values[i];
          if (value !== null && value !== undefined) this.#add(column[i], at, toNumber(value));
        }
      }
    };
  }

  finish(): HostTruth {
    let points = 0;
    let firstAt = Number.POSITIVE_INFINITY;
    let lastAt = 0;
    for (const [key, series] of this.#series) {
      if (!this.#isSorted) sortByTime(series);
      points += series.times.length;
      if (series.times.length === 0) this.#series.delete(key);
      firstAt = Math.min(firstAt, series.times[0] ?? firstAt);
      lastAt = Math.max(lastAt, series.times.at(-1) ?? 0);
    }
    return {
      host: this.#host,
      series: this.#series,
      batches: this.#batches,
      points,
      firstAt: points === 0 ? 0 : firstAt,
      lastAt,
      faults: this.faults,
    };
  }

  #seriesOf(key: string): TrueSeries {
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { key, times: [], values: [] };
      this.#series.set(key, series);
    }
    return series;
  }

  #add(series: TrueSeries | undefined, at: number, value: number): void {
    if (series === undefined) return;
    if (at <= (series.times.at(-1) ?? 0)) this.#isSorted = false;
    series.times.push(at);
    series.values.push(value);
  }
}

/** Spools that followed one another may overlap in time. Of two points at one moment the first one stands. */
function sortByTime({ times, values }: TrueSeries): void {
  const order = times.map((_, i) => i).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
  const sorted = order.map((i) => ({ at: times[i] ?? 0, value: values[i] ?? 0 }));
  times.length = 0;
  values.length = 0;
  for (const { at, value } of sorted) {
    if (at === times.at(-1)) continue;
    times.push(at);
    values.push(value);
  }
}

/** The keys of a shape's series as the gateway exposes them for a host, in the order of its columns. */
function keysOf({ labels, families }: Shape, host: string): string[] {
  const target: Labels = { job: 'node', instance: host, ...labels, host };
  const reserved = new Set(Object.keys(target));
  return families.flatMap(({ name, series }) =>
    series.map(([suffix, own]) =>
      seriesKey({ ...target, ...renamed(own, reserved), __name__: name + suffix }),
    ),
  );
}

/** A label whose name is the target's gets `exported_` in front until it is free. */
function renamed(own: Labels, reserved: ReadonlySet<string>): Labels {
  const present = Object.entries(own).filter(([, value]) => value !== '');
  const taken = new Set([...reserved, ...present.map(([name]) => name)]);
  return Object.fromEntries(
    present.map(([name, value]) => {
      if (!reserved.has(name)) return [name, value];
      let free = name;
      while (taken.has(free)) free = `exported_${free}`;
      taken.add(free);
      return [free, value];
    }),
  );
}

function toNumber(value: number | string): number {
  if (typeof value === 'number') return value;
  return value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number.NaN;
}
