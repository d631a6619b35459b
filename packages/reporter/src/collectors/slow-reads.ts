/**
 * Attributes of devices that take long to read: a sensor behind a slow bus, a card whose firmware is asked for its speed, a
 * battery that the firmware's interpreter has to ask. Nearly all attributes are memory and are read on the spot, in
 * microseconds, and a detour through the pool of threads would cost ten times the read. So what is slow is found out by reading:
 * one that took long twice in a row is from then on read in the background, before its collector runs, and blocks nothing
 * again. Once says nothing: on a machine short of CPU any read may be interrupted.
 *
 * All reads in the background queue for one thread, whichever collector they are for: Node has four for all files, names
 * and compression, and a device that never answers keeps the one that it has. A collector waits for its slow attributes for half a
 * second. What has come by then is told, or what came since the tick before; else the attribute is absent, as if the device
 * refused to tell.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Collector } from './collector.ts';
import { readingWith } from './sysfs.ts';

/** As long as a whole tick of a host without slow devices. */
const SLOW_MS = 5;
/** So much more often must an attribute have been quick than slow to be read on the spot again; slow counts double. */
const QUICK_ROUNDS = 60;
const WAIT_MS_MAX = 500;
/** Of one collector. A host with more slow attributes than that blocks for the rest. */
const SLOW_FILES_MAX = 256;

export interface SlowReadsOptions {
  /** Monotonic, in ms. */
  readonly monotonic: () => number;
  /** In place of Node's, in tests. */
  readonly readNow?: (path: string) => string;
  readonly readLater?: (path: string) => Promise<string>;
  readonly waitMs?: number;
}

/** Runs one task after the other. */
export class Lane {
  #last: Promise<void> = Promise.resolve();

  /** @param task never rejects. */
  run(task: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(task);
    return this.#last;
  }
}

interface SlowFile {
  /** What the last read gave, and the round in which it came. */
  answer: { readonly text: string } | { readonly error: unknown } | null;
  round: number;
  isReading: boolean;
  /** Whether the collector has asked for it in the round: what it no longer asks for is gone. */
  isWanted: boolean;
  quickRounds: number;
}

/** An attribute that has not been answered in time; one of sysfs.ts's refusals. */
class LateError extends Error {
  override readonly name = 'LateError';
  readonly code = 'ETIMEDOUT';
}

export class SlowReads {
  readonly #options: Required<SlowReadsOptions>;
  readonly #lane: Lane;
  readonly #files = new Map<string, SlowFile>();
  /** What took long when it was read last. */
  readonly #suspects = new Set<string>();
  #round = 0;
  #reading = 0;

  constructor(options: SlowReadsOptions, lane: Lane) {
    this.#options = {
      readNow: (path) => readFileSync(path, 'utf8'),
      readLater: (path) => readFile(path, 'utf8'),
      waitMs: WAIT_MS_MAX,
      ...options,
    };
    this.#lane = lane;
  }

  /** Reads that have not come back. */
  get reading(): number {
    return this.#reading;
  }

  /** Attributes that are read in the background. */
  get slowFiles(): number {
    return this.#files.size;
  }

  /** As `readFileSync(path, 'utf8')`. @throws the system's errors, and ETIMEDOUT. */
  readonly read = (path: string): string => {
    const file = this.#files.get(path);
    if (file === undefined) return this.#readNow(path);
    file.isWanted = true;
    if (file.answer === null || file.round < this.#round - 1) throw new LateError(`${path} does not answer`);
    if ('error' in file.answer) throw file.answer.error;
    return file.answer.text;
  };

  /** Before each tick: reads what is slow. Undefined when nothing is, so that a tick of quick devices waits for nothing. */
  refresh(signal: AbortSignal): Promise<void> | undefined {
    this.#round++;
    for (const [path, file] of this.#files) {
      if (!file.isReading && (!file.isWanted || file.quickRounds >= QUICK_ROUNDS)) this.#files.delete(path);
      file.isWanted = false;
    }
    if (this.#files.size === 0) return undefined;
    const reads = [...this.#files].map(([path, file]) =>
      file.isReading ? null : this.#readLater(path, file),
    );
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, this.#options.waitMs);
      signal.addEventListener('abort', end, { once: true });
      void Promise.all(reads).then(end);
    });
  }

  #readNow(path: string): string {
    const startedMs = this.#options.monotonic();
    try {
      return this.#options.readNow(path);
    } finally {
      const wasSlow = this.#options.monotonic() - startedMs >= SLOW_MS;
      if (wasSlow || this.#suspects.size > 0) this.#judge(path, wasSlow);
    }
  }

  #judge(path: string, wasSlow: boolean): void {
    const again = this.#suspects.delete(path);
    if (!wasSlow || this.#files.size >= SLOW_FILES_MAX) return;
    // Those of devices that are gone are never read a second time.
    if (this.#suspects.size >= SLOW_FILES_MAX) this.#suspects.clear();
    if (again)
      this.#files.set(path, { answer: null, round: 0, isReading: false, isWanted: true, quickRounds: 0 });
    else this.#suspects.add(path);
  }

  #readLater(path: string, file: SlowFile): Promise<void> {
    file.isReading = true;
    this.#reading++;
    return this.#lane.run(async () => {
      const startedMs = this.#options.monotonic();
      try {
        file.answer = { text: await this.#options.readLater(path) };
      } catch (error) {
        file.answer = { error };
      }
      file.round = this.#round;
      file.isReading = false;
      this.#reading--;
      const wasQuick = this.#options.monotonic() - startedMs < SLOW_MS;
      file.quickRounds = Math.max(0, file.quickRounds + (wasQuick ? 1 : -2));
    });
  }
}

/** A collector of attributes in `/sys` that reads the slow ones in the background. */
export function withSlowReads(collector: Collector, reads: SlowReads): Collector {
  // Such collectors are synchronous: what is read with `reads` is read before `collect` returns.
  const collect: Collector['collect'] = (out, signal) =>
    readingWith(reads.read, () => collector.collect(out, signal));
  return {
    ...collector,
    isStuck: () => reads.reading > 0 || collector.isStuck?.() === true,
    collect: (out, signal) => reads.refresh(signal)?.then(() => collect(out, signal)) ?? collect(out, signal),
  };
}
