/**
 * Finds out that two scrapers use one name, and so take from each other what they have not read. It must not be said of
 * one that does nothing wrong. A Prometheus with many targets has several connections, and what it asks for comes on any
 * of them; but the same scrape comes again one interval later, and an interval is no shorter than the timeout. So two are
 * told by the same scrape coming in turns on two connections, many times and without exception, and out of step: every
 * other time sooner than one scraper would come, or much sooner than the times between. Two that happen to be half an
 * interval apart and have a short timeout look like one, and so do two with many targets each, which use many connections.
 */
import type { ScrapeConnection } from './connection.ts';
import type { Scrape } from './observer.ts';

/** Requests in turns. */
const TURNS = 10;
/** Of its timeout; one scraper comes again no sooner, give or take how punctual it is. */
const TIMEOUT_SHARE = 0.9;
/** Of the longer gaps, what the shorter ones may be at most. */
const STEP_SHARE = 0.75;
/** Scrapes that are looked at; those that came longest ago go. */
const SCRAPES_MAX = 20_000;
/** Longer ones are not looked at. */
const KEY_CHARS_MAX = 512;

interface End {
  readonly connection: ScrapeConnection;
  readonly address: string;
}

/** The times that one end's requests came after the other's, in ms. */
interface Gaps {
  readonly least: number;
  readonly most: number;
}

interface Turns {
  readonly last: End;
  readonly at: number;
  readonly other: End | null;
  readonly count: number;
  /** Of the last end, and of the other. */
  readonly gaps: Gaps;
  readonly otherGaps: Gaps;
}

const NO_GAPS: Gaps = { least: Number.POSITIVE_INFINITY, most: 0 };

export class SharedNames {
  readonly #scrapes = new Map<string, Turns>();

  /**
   * To be called with each scrape of a name.
   * @param now in ms of uptime
   * @returns the addresses of both ends when two scrapers seem to have the name
   */
  scraped({ name, selection, scope, connection, address, timeoutMs }: Scrape, now: number): string[] | null {
    const key = `${name}\n${selection}\n${scope}`;
    if (key.length > KEY_CHARS_MAX) return null;
    const turns = next(this.#scrapes.get(key), { connection, address }, now);
    this.#scrapes.delete(key);
    this.#scrapes.set(key, turns);
    for (const oldest of this.#scrapes.keys()) {
      if (this.#scrapes.size <= SCRAPES_MAX) break;
      this.#scrapes.delete(oldest);
    }
    if (turns.count < TURNS || turns.other?.connection.isOpen !== true) return null;
    return isOutOfStep(turns, timeoutMs) ? [turns.other.address, address] : null;
  }
}

function next(before: Turns | undefined, end: End, now: number): Turns {
  if (before === undefined || before.last.connection === end.connection)
    return { last: end, at: now, other: null, count: 1, gaps: NO_GAPS, otherGaps: NO_GAPS };
  const goesOn = before.other === null || before.other.connection === end.connection;
  const gapMs = now - before.at;
  const { least, most } = goesOn ? before.otherGaps : NO_GAPS;
  return {
    last: end,
    at: now,
    other: before.last,
    count: goesOn ? before.count + 1 : 2,
    gaps: { least: Math.min(least, gapMs), most: Math.max(most, gapMs) },
    otherGaps: goesOn ? before.gaps : NO_GAPS,
  };
}

function isOutOfStep({ gaps, otherGaps }: Turns, timeoutMs: number): boolean {
  const [short, long] = gaps.most < otherGaps.most ? [gaps, otherGaps] : [otherGaps, gaps];
  return short.most < TIMEOUT_SHARE * timeoutMs || short.most < STEP_SHARE * long.least;
}
