/**
 * Scrapes one target at its own pace and keeps what it told until the tick comes. Never two scrapes of a target at once: one
 * that is due meanwhile follows, or is passed over when that would be late.
 */
import type { Layer, TickMoment } from '../collectors/feed.ts';
import { nextTick, phaseOf } from '../sampler/ticks.ts';
import type { TargetCounters } from './counters.ts';
import type { Scrape, Scraper } from './scraper.ts';
import type { PendingColumn } from './target-columns.ts';
import type { Target } from './target-options.ts';

/** All that is wanted of a log here. */
export interface TargetLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface LoopParts {
  readonly host: string;
  readonly counters: TargetCounters;
  readonly monotonic: () => number;
  readonly log: TargetLog;
  /** What an interval is at present. */
  readonly paced: (intervalMs: number) => number;
}

/** A host that was suspended finds its timers late: the clock is looked at again at least so often. */
const LOOK_MS = 5_000;
/** What may wait for a tick; only where targets are scraped more often than the host ticks is it more than one or two. */
export const PENDING_LAYERS_MAX = 32;

export class TargetLoop {
  readonly #target: Target;
  readonly #scraper: Scraper;
  readonly #parts: LoopParts;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #due = 0;
  #running: Promise<void> | null = null;
  /** When the scrape was due that waits for the one that is going on; null for none. */
  #owed: number | null = null;
  #pending: Scrape[] = [];
  /** The reason of the failure that was told last; '' while all is well. */
  #told = '';
  readonly #toldLeftOut = new Set<string>();

  constructor(target: Target, scraper: Scraper, parts: LoopParts) {
    this.#target = target;
    this.#scraper = scraper;
    this.#parts = parts;
  }

  start(): void {
    this.#plan(Number.NEGATIVE_INFINITY);
  }

  /** It is not to come back: what it had to itself is free for others. */
  leave(): void {
    this.#scraper.leave();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#stop.abort(new Error('the reporter stops'));
    await this.#running;
    this.#scraper.close();
  }

  /** Hands over what was scraped since the last call, the oldest first. */
  take(moment: TickMoment): readonly Layer[] {
    const scrapes = this.#pending;
    this.#pending = [];
    return scrapes.flatMap(({ mono, layers }) =>
      layers.map((columns) => columns.map((column) => dated(column, mono, moment))),
    );
  }

  #plan(fired: number): void {
    const { host, monotonic } = this.#parts;
    const { url } = this.#target;
    const intervalMs = this.#intervalMs;
    this.#due = nextTick(Math.max(monotonic(), fired), intervalMs, phaseOf(host + url.href, intervalMs));
    this.#wait();
  }

  get #intervalMs(): number {
    return this.#parts.paced(this.#target.intervalMs);
  }

  #wait(): void {
    const leftMs = this.#due - this.#parts.monotonic();
    // The pace is quicker than it was: what is due is further away than it can be.
    if (leftMs > this.#intervalMs) return this.#plan(Number.NEGATIVE_INFINITY);
    if (leftMs > 0) this.#timer = setTimeout(() => this.#wait(), Math.min(leftMs, LOOK_MS));
    else this.#fire();
  }

  #fire(): void {
    if (this.#running === null) this.#begin();
    else {
      if (this.#owed !== null) this.#parts.counters.late(this.#target.job);
      this.#owed = this.#due;
    }
    this.#plan(this.#due);
  }

  #begin(): void {
    this.#owed = null;
    this.#running = this.#scrape().finally(() => {
      this.#running = null;
      if (this.#owed !== null && !this.#stop.signal.aborted) this.#catchUp(this.#owed);
    });
  }

  /** One that took its whole time, which may be all of the interval, ends a little after the next one was due. */
  #catchUp(due: number): void {
    if (this.#parts.monotonic() - due < this.#intervalMs / 2) return this.#begin();
    this.#owed = null;
    this.#parts.counters.late(this.#target.job);
  }

  async #scrape(): Promise<void> {
    const scrape = await this.#scraper.scrape(this.#stop.signal);
    if (scrape === null) return;
    this.#count(scrape);
    this.#tell(scrape);
    this.#pending.push(scrape);
    this.#dropOldest();
  }

  #dropOldest(): void {
    let layers = this.#pending.reduce((sum, scrape) => sum + scrape.layers.length, 0);
    while (layers > PENDING_LAYERS_MAX && this.#pending.length > 1) {
      const [oldest] = this.#pending.splice(0, 1);
      if (oldest === undefined) return;
      layers -= oldest.layers.length;
      const samples = oldest.layers.flat().reduce((sum, { values }) => sum + values.length, 0);
      this.#leftOut('pending', samples);
    }
  }

  #count({ error, leftOut }: Scrape): void {
    const { counters } = this.#parts;
    const { job, labels } = this.#target;
    counters.scraped(job);
    if (error !== null) counters.failed(job, labels['instance'] ?? '', error.reason);
    for (const [reason, samples] of leftOut) this.#leftOut(reason, samples);
  }

  /** Counted each time, told once. */
  #leftOut(reason: string, samples: number): void {
    const { counters, log } = this.#parts;
    const { job, shownUrl } = this.#target;
    counters.leftOut(job, reason, samples);
    if (this.#toldLeftOut.has(reason)) return;
    this.#toldLeftOut.add(reason);
    log.warn({ job, url: shownUrl, reason, samples }, 'samples of a target are left out');
  }

  #tell({ error }: Scrape): void {
    const reason = error?.reason ?? '';
    if (reason === this.#told) return;
    this.#told = reason;
    const { job, shownUrl } = this.#target;
    const about = { job, url: shownUrl };
    if (error === null) this.#parts.log.info(about, 'target is up again');
    else this.#parts.log.warn({ ...about, reason, error: error.message }, 'target is down');
  }
}

function dated({ shape, values, atMs }: PendingColumn, mono: number, moment: TickMoment) {
  const ageMs = atMs === null ? moment.mono - mono : moment.wall - atMs;
  return { shape, values, ageMs: Math.max(0, ageMs) };
}
