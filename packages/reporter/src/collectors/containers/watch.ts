/**
 * Reads all known containers in each tick, and keeps the inventory of them. Loaded when the first socket is found.
 *
 * A container is taken for the one that was inspected as long as `/proc/PID/cgroup` names its id: numbers of processes
 * are used again, and a container that was restarted has another one.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ColumnWriter, PartialDataError, type Roots } from '../collector.ts';
import { FormatError } from '../source.ts';
import { BlockDevices } from './block-devices.ts';
import {
  type ContainerCgroup,
  findHierarchies,
  type Hierarchies,
  locateCgroup,
  readCgroupsOf,
} from './cgroup-paths.ts';
import { CGROUP_V1 } from './cgroup-v1.ts';
import { CGROUP_V2 } from './cgroup-v2.ts';
import type { ContainerDetails, EngineApi } from './engine-api.ts';
import type { Limits } from './figures.ts';
import { FolderCounts, usersOf } from './folder-counts.ts';
import { Inventory } from './inventory.ts';
import { labelsOf } from './labels.ts';
import { readRow } from './read-row.ts';
import { type ContainerRow, type LeftOut, seriesOf, writeRows, writeState } from './write.ts';

/** Limits, mounts and names of devices are read again this often. */
const SLOW_MS = 60_000;
/** The first tick waits this long for the first list; later ones wait for nothing. */
const FIRST_LIST_MS = 1_000;
/** Containers that are read before other work gets its turn. */
const CONTAINERS_PER_TURN = 8;
/** Containers that are remembered for a process that was not there. */
const MISSED_MAX = 1_000;

export interface WatchOptions {
  readonly roots: Roots;
  readonly sockets: () => readonly string[];
  readonly limit: number;
  /** Containers beyond it are left out and counted. */
  readonly seriesMax: number;
  readonly api: EngineApi;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In ms. */
  readonly monotonic: () => number;
}

/** What is kept of a container that was read before. */
interface Kept {
  readonly details: ContainerDetails;
  /** The text of which `cgroup` was made. */
  readonly cgroupText: string;
  readonly cgroup: ContainerCgroup | null;
  /** Names and values in turn. */
  readonly labels: readonly string[];
  /** Read again now and then. */
  limits: Limits | null;
  limitsMs: number;
}

/** Counts of one tick. */
interface Tally {
  series: number;
  cgroup: number;
  process: number;
  labels: number;
  interfaces: number;
  devices: number;
  seriesTold: number;
  badFormat: FormatError | null;
}

export class ContainerWatch {
  readonly #options: WatchOptions;
  readonly #inventory: Inventory;
  readonly #devices: BlockDevices;
  readonly #folders = new FolderCounts();
  #kept = new Map<string, Kept>();
  /** Containers whose process was not there when they were first to be read. */
  #missed = new Set<string>();
  #hierarchies: Hierarchies | null = null;
  #slowMs = Number.NEGATIVE_INFINITY;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#inventory = new Inventory(options);
    this.#devices = new BlockDevices(options.roots.sys);
  }

  /** Whether it has nothing to read. */
  get isEmpty(): boolean {
    return this.#inventory.containers.length === 0;
  }

  /** @throws PartialDataError when runtimes or files fail, after writing what could be read without them. */
  async collect(out: ColumnWriter, signal: AbortSignal): Promise<void> {
    const inventory = this.#inventory;
    const hierarchies = this.#lookSlowly();
    const cgroups = [...this.#kept.values()].flatMap(({ cgroup }) => cgroup ?? []);
    const uids = usersOf(this.#options.sockets());
    if (this.#folders.look(hierarchies, uids, cgroups)) inventory.note();
    const asking = inventory.refresh();
    if (asking !== null && !inventory.hasAnswered) await withinMs(asking, FIRST_LIST_MS);
    const tally: Tally = {
      ...{ series: 0, cgroup: 0, process: 0, labels: 0, interfaces: 0, devices: 0 },
      seriesTold: 0,
      badFormat: null,
    };
    const rows = await this.#readAll(hierarchies, tally, signal);
    const error = this.#errorOf(tally);
    if (!inventory.hasAnswered && rows.length === 0) throw new Error(error ?? 'no answer yet');
    writeRows(out, rows);
    const leftOut: LeftOut = { ...tally, limit: inventory.beyondLimit };
    writeState(out, error !== null, leftOut);
    if (error !== null) throw new PartialDataError(error);
  }

  #errorOf({ badFormat, process }: Tally): string | null {
    if (this.#inventory.error !== null) return this.#inventory.error;
    if (badFormat !== null) return badFormat.message;
    if (process === 0) return null;
    return `processes of ${process} containers are not below ${this.#options.roots.proc}: the reporter must see those of the host`;
  }

  #lookSlowly(): Hierarchies {
    const { roots, monotonic } = this.#options;
    if (this.#hierarchies !== null && monotonic() - this.#slowMs < SLOW_MS) return this.#hierarchies;
    this.#slowMs = monotonic();
    this.#devices.forget();
    this.#hierarchies = findHierarchies(roots.sys);
    return this.#hierarchies;
  }

  async #readAll(hierarchies: Hierarchies, tally: Tally, signal: AbortSignal): Promise<ContainerRow[]> {
    const rows: ContainerRow[] = [];
    const kept = new Map<string, Kept>();
    // Of two that were in one group, which no runtime makes, the series would be the same.
    const paths = new Set<string>();
    for (const [i, details] of this.#inventory.containers.entries()) {
      if (i > 0 && i % CONTAINERS_PER_TURN === 0) {
        await nextTurn();
        signal.throwIfAborted();
      }
      const now = this.#keep(hierarchies, details, tally);
      if (now === null) continue;
      kept.set(details.id, now);
      if (now.cgroup !== null && paths.has(now.cgroup.path)) continue;
      paths.add(now.cgroup?.path ?? '');
      const row = this.#tryRow(hierarchies, now, tally);
      if (row !== null) rows.push(row);
    }
    this.#kept = kept;
    return rows;
  }

  /** Null when the container is gone, or its process cannot be seen. */
  #keep(hierarchies: Hierarchies, details: ContainerDetails, tally: Tally): Kept | null {
    const { roots } = this.#options;
    const { id, pid } = details;
    const text = readCgroupsOf(roots.proc, pid);
    const before = this.#kept.get(id);
    if (text !== null && before?.details === details && before.cgroupText === text) return before;
    const cgroup = text === null ? null : locateCgroup(hierarchies, text, id);
    if (text === null || (cgroup === null && before?.cgroup)) {
      this.#miss(id, before !== undefined, tally);
      return null;
    }
    this.#missed.delete(id);
    const labels = labelsOf(details, cgroup?.path ?? '');
    return { details, cgroupText: text, cgroup, labels, limits: null, limitsMs: 0 };
  }

  /**
   * A container that was read before has ended. One that never was may have ended in between as well; if the runtime
   * lists it once more, its process is hidden from the reporter, and asking again would help nothing.
   */
  #miss(id: string, wasRead: boolean, tally: Tally): void {
    if (!wasRead && this.#missed.has(id)) {
      tally.process++;
      return;
    }
    if (!wasRead && this.#missed.size < MISSED_MAX) this.#missed.add(id);
    this.#inventory.forget(id);
  }

  /** Null when it is left out. A file that is not what it should be costs its container only. */
  #tryRow(hierarchies: Hierarchies, kept: Kept, tally: Tally): ContainerRow | null {
    if (kept.cgroup === null) {
      tally.cgroup++;
      return null;
    }
    try {
      const row = this.#row(hierarchies, kept, kept.cgroup);
      if (row === null) {
        tally.cgroup++;
        return null;
      }
      const series = seriesOf(row);
      if (tally.seriesTold + series > this.#options.seriesMax) {
        tally.series++;
        return null;
      }
      tally.seriesTold += series;
      tally.labels += kept.details.own.leftOut;
      tally.interfaces += row.leftOut.interfaces;
      tally.devices += row.leftOut.devices;
      return row;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      tally.badFormat ??= error;
      return null;
    }
  }

  #row(hierarchies: Hierarchies, kept: Kept, cgroup: ContainerCgroup): ContainerRow | null {
    const { roots, now, monotonic } = this.#options;
    const reader = hierarchies.version === 2 ? CGROUP_V2 : CGROUP_V1;
    if (kept.limits === null || monotonic() - kept.limitsMs >= SLOW_MS) {
      kept.limits = reader.limits(cgroup.folderOf);
      kept.limitsMs = monotonic();
    }
    const { details, labels, limits } = kept;
    return readRow({
      proc: roots.proc,
      reader,
      deviceName: (number) => this.#devices.nameOf(number),
      details,
      cgroup,
      limits,
      labels,
      seenSeconds: Math.floor(now() / 1000),
    });
  }
}

/** Waits for `promise`, which does not fail, but no longer than so many ms. */
function withinMs(promise: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise.finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
