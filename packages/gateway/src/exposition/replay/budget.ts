/**
 * How many points of backlog a scraper gets at a time: as many as it was seen to take. It may be what the flags say, or less
 * where the timeout is short, and begins with an eighth of it, since nobody knows yet. A body that did not arrive halves it. One that was
 * taken raises it by a quarter, beyond the first budget only if it made use of half of it: small bodies say nothing of large
 * ones. A body that took a good part of the scraper's timeout does not raise it; one that took twice of that takes a quarter,
 * and so does a scraper that comes late because it is still busy with the last body. Points younger than two scrape
 * intervals are not counted.
 */

/** No budget falls below this, so that a backlog always moves. */
const POINTS_MIN = 10_000;
const FIRST_SHARE = 1 / 8;
/** At first no more than so many for each ms of the timeout: a quarter of what came through on two small cores. */
const FIRST_POINTS_PER_MS = 50;
/**
 * And never more than so many. A Prometheus takes 300 to 500 thousand points a second, and begins when it has read the
 * body, which nobody sees from here: a quarter of its timeout for that leaves a busy machine room to take twice as long
 * without missing a scrape.
 */
const MOST_POINTS_PER_MS = 75;
/** Of a scraper's timeout, what a body may take before the next one is to be no larger; a busy moment may double it. */
const HOLD_SHARE = 0.2;
/** And before the next one is to be smaller. */
const SHRINK_SHARE = 0.4;
/** A budget that has grown so many times beyond where it was held knows no bound any more. */
const BOUND_FACTOR = 2;
/** A gap between two scrapes that is so many times longer than usual means that the scraper was busy, or away. */
const LATE_FACTOR = 1.5;
/** A gap beyond so many intervals means that the scraper was away, not busy; it counts as one of so many. */
const AWAY_FACTOR = 3;
const INTERVAL_MS_MIN = 100;

export class Budget {
  /** Null before anything is known. */
  #points: number | null = null;
  /** Where bodies were seen to take as long as they may; null where none was. */
  #heldAt: number | null = null;
  readonly #timeoutMs: number;
  /** The longest that a body took since one was taken last, in ms. */
  #longestMs = 0;
  #intervalMs: number;
  #lastAt: number | null = null;

  /** @param timeoutMs what the scraper allows for one scrape: the first guess at its interval. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#intervalMs = Math.max(INTERVAL_MS_MIN, timeoutMs);
  }

  /** The usual time between two scrapes in ms. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** When it was asked last, in ms of uptime; null for never. */
  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** Points of backlog that may be served now. */
  points(pointsMax: number): number {
    return Math.min(this.#points ?? this.#first(pointsMax), this.#most(pointsMax));
  }

  /** Whether it is as large as it may be, or as the scraper can take in its time. */
  isFull(pointsMax: number): boolean {
    const most = this.#most(pointsMax);
    return this.points(pointsMax) >= Math.min(most, this.#heldAt ?? most);
  }

  /** A request has come. @param now in ms of uptime */
  asked(now: number, pointsMax: number): void {
    const gapMs = this.#lastAt === null ? null : now - this.#lastAt;
    this.#lastAt = now;
    if (gapMs === null) return;
    const usual = this.#intervalMs;
    const counted = Math.min(gapMs, AWAY_FACTOR * usual);
    if (gapMs === counted && gapMs > LATE_FACTOR * usual) this.#scale(0.75, pointsMax);
    // Slowly upwards, since one late scrape is no new interval; quickly down to what is real.
    const weight = counted < usual ? 0.5 : 0.2;
    this.#intervalMs = Math.max(INTERVAL_MS_MIN, usual + weight * (counted - usual));
  }

  /** A body was complete so long after it was asked for. */
  completed(durationMs: number): void {
    this.#longestMs = Math.max(this.#longestMs, durationMs);
  }

  /** @param isUsed whether the body had half of what the budget allowed */
  taken(pointsMax: number, isUsed: boolean): void {
    const strain = this.#longestMs / this.#timeoutMs;
    this.#longestMs = 0;
    if (strain > HOLD_SHARE) {
      if (strain > SHRINK_SHARE) this.#scale(0.75, pointsMax);
      this.#heldAt = this.points(pointsMax);
    } else if (isUsed || this.points(pointsMax) < this.#first(pointsMax)) {
      this.#scale(1.25, pointsMax);
      if (this.points(pointsMax) > BOUND_FACTOR * (this.#heldAt ?? 0)) this.#heldAt = null;
    }
  }

  lost(pointsMax: number): void {
    this.#scale(0.5, pointsMax);
  }

  #first(pointsMax: number): number {
    const points = Math.min(pointsMax * FIRST_SHARE, this.#timeoutMs * FIRST_POINTS_PER_MS);
    return Math.max(POINTS_MIN, Math.floor(points));
  }

  #most(pointsMax: number): number {
    return Math.min(pointsMax, Math.max(POINTS_MIN, this.#timeoutMs * MOST_POINTS_PER_MS));
  }

  #scale(factor: number, pointsMax: number): void {
    const scaled = this.points(pointsMax) * factor;
    this.#points = Math.min(this.#most(pointsMax), Math.max(POINTS_MIN, Math.floor(scaled)));
  }
}

/**
 * Shares `points` out: nobody gets more than it needs, and what one does not need goes to the others.
 * @returns the shares in the order of the needs.
 */
export function shareOut(points: number, needs: readonly number[]): number[] {
  const order = needs.map((_, i) => i).sort((a, b) => (needs[a] ?? 0) - (needs[b] ?? 0));
  const shares = new Array<number>(needs.length).fill(0);
  let left = points;
  for (const [k, i] of order.entries()) {
    const share = Math.min(needs[i] ?? 0, Math.floor(left / (order.length - k)));
    shares[i] = share;
    left -= share;
  }
  return shares;
}
