/** One scrape of one target: asks, reads, and says how it went. Never fails itself. */

import { setImmediate } from 'node:timers/promises';
import { LABELS_MAX } from '@tributary/shared/limits';
import type { Shape } from '@tributary/shared/shape';
import { formatDuration } from '@tributary/shared/units';
import { ExpositionError } from '../collectors/exposition-text/exposition-error.ts';
import { ExpositionReader } from '../collectors/exposition-text/exposition-reader.ts';
import type { Reading } from '../collectors/exposition-text/reading.ts';
import { type Claims, type Owner, TARGETS_SERIES_MAX } from './claims.ts';
import { type ClientParts, TargetClient } from './client.ts';
import { labelsKey } from './labels-key.ts';
import { ScrapeError, toScrapeError } from './scrape-error.ts';
import { statusShape, statusValues } from './status-series.ts';
import {
  type LeftOutReason,
  type PendingColumn,
  type ScrapeColumns,
  TargetColumns,
} from './target-columns.ts';
import type { Target } from './target-options.ts';

export interface ScraperParts extends ClientParts {
  readonly claims: Claims;
  /** `TickMoment.mono` and `TickMoment.wall`. */
  readonly monotonic: () => number;
  readonly wall: () => number;
}

export interface Scrape {
  /** When it began. */
  readonly mono: number;
  /** The oldest first; the last one tells how the scrape went. */
  readonly layers: readonly (readonly PendingColumn[])[];
  readonly leftOut: ReadonlyMap<LeftOutReason, number>;
  /** Null when it went well. */
  readonly error: ScrapeError | null;
}

const NO_COLUMNS: ScrapeColumns = { layers: [[]], leftOut: new Map() };
/** Families without samples cost memory, too. */
const FAMILIES_MAX = 20_000;
/** So long a text is read before whatever else is to be done. */
const TURN_MS = 10;

export class Scraper {
  readonly #target: Target;
  readonly #parts: ScraperParts;
  readonly #client: TargetClient;
  readonly #reader: ExpositionReader;
  readonly #columns: TargetColumns;
  readonly #status: Shape;
  readonly #owner: Owner;

  constructor(target: Target, owner: Owner, parts: ScraperParts) {
    const { claims } = parts;
    this.#target = target;
    this.#parts = parts;
    this.#client = new TargetClient(target, parts);
    this.#reader = new ExpositionReader({
      limits: {
        samplesMax: target.samplesMax,
        familiesMax: FAMILIES_MAX,
        // The gateway adds `host`.
        labelsMax: LABELS_MAX - Object.keys(target.labels).length - 1,
      },
      fallback: target.fallback,
      keep: target.keeps ?? (() => true),
      emptyLabels: new Set(target.honorLabels ? Object.keys(target.labels) : []),
    });
    this.#columns = new TargetColumns(target, claims, owner);
    this.#status = statusShape(target.labels);
    this.#owner = owner;
    claims.settle(owner, labelsKey(target.labels));
  }

  /**
   * @param stop ends it early.
   * @returns null when it was stopped.
   */
  async scrape(stop: AbortSignal): Promise<Scrape | null> {
    const { monotonic, wall } = this.#parts;
    const mono = monotonic();
    const startedAt = performance.now();
    const wallAtStart = wall();
    let reading: Reading | null = null;
    let columns = NO_COLUMNS;
    let error: ScrapeError | null = null;
    try {
      reading = await this.#read(stop);
      // What a target that is gone has told is nobody's any more.
      stop.throwIfAborted();
      columns = this.#tell(reading, { mono, wall: wallAtStart, wallAtEnd: wall() });
    } catch (thrown) {
      if (stop.aborted) return null;
      error = toFailure(thrown);
      this.#columns.yield();
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const { scraped = 0, kept = 0, added = 0 } = reading ?? {};
    const values = statusValues({ up: error === null, seconds, scraped, kept, added });
    const layers = [...columns.layers];
    layers.push([...(layers.pop() ?? []), { shape: this.#status, values, atMs: null }]);
    return { mono, layers, leftOut: columns.leftOut, error };
  }

  leave(): void {
    this.#parts.claims.leave(this.#owner);
  }

  close(): void {
    this.#client.close();
  }

  async #read(stop: AbortSignal): Promise<Reading> {
    const { timeoutMs } = this.#target;
    const abort = new AbortController();
    const late = new ScrapeError('timeout', `no whole answer within ${formatDuration(timeoutMs)}`);
    const timer = setTimeout(() => abort.abort(late), timeoutMs);
    const onStop = () => abort.abort(stop.reason);
    stop.addEventListener('abort', onStop, { once: true });
    try {
      const { body, contentType, leave } = await this.#client.get(abort.signal);
      try {
        return await this.#reader.readInTurns(body, contentType, createPause(abort.signal));
      } finally {
        leave();
      }
    } catch (error) {
      // Whatever came of it, this was the cause.
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      clearTimeout(timer);
      stop.removeEventListener('abort', onStop);
    }
  }

  #tell(reading: Reading, moment: Parameters<TargetColumns['take']>[1]): ScrapeColumns {
    const { claims } = this.#parts;
    if (!claims.reserve(this.#owner, reading.list.length)) {
      const what = `the ${reading.list.length} series of this target and those of the others are more than ${TARGETS_SERIES_MAX}`;
      throw new ScrapeError('host_series', what);
    }
    return this.#columns.take(reading, moment);
  }
}

/** Lets others have their turn when this one has lasted, and ends at the signal. */
function createPause(signal: AbortSignal): () => Promise<void> | null {
  let since = performance.now();
  return () => {
    if (performance.now() - since < TURN_MS) return null;
    return setImmediate().then(() => {
      signal.throwIfAborted();
      since = performance.now();
    });
  };
}

function toFailure(thrown: unknown): ScrapeError {
  if (!(thrown instanceof ExpositionError)) return toScrapeError(thrown);
  const reason = thrown.reason === 'limit' ? 'sample_limit' : thrown.reason;
  return new ScrapeError(reason, thrown.message, { cause: thrown });
}
