/**
 * Whose clock is wrong: the hosts' or this machine's. Each hello tells a host's wall clock; where most hosts disagree with
 * the gateway by more than a minute, it is the gateway that is wrong. Hellos that were refused count as well: while the
 * gateway is wrong it welcomes nobody, since hosts would take its time for the true one.
 */

/** Skews are judged from so many hosts on; fewer could be wrong themselves. */
const HOSTS_MIN = 3;
const SKEW_MS_MAX = 60_000;
/** A hello speaks for so long, or while its connection lasts. */
const HELLO_MS = 10 * 60_000;
/** A host's clock that differs by no more is right, as its own rule has it (docs/PROTOCOL.md, "Time"). */
const AGREED_MS = 120_000;

interface Skew {
  /** Host's wall clock minus the gateway's, in ms. */
  skewMs: number;
  /** In ms of uptime. */
  readonly at: number;
}

/** A hello needs no credential to be heard, so names are not remembered without end. */
const NAMES_MAX = 100_000;
/** Up to so many hosts the median is worked out each time it is asked for, which is with each frame. */
const HOSTS_FEW = 64;
/** With more of them it stands for so long, or until one in sixteen has spoken. */
const MEDIAN_MS = 1000;
const NEWS_SHARE = 1 / 16;

export class Skews {
  readonly #byHost = new Map<string, Skew>();
  #median: { readonly value: number | null; readonly at: number } | null = null;
  /** Hosts that spoke or went since the median was worked out. */
  #news = 0;

  get size(): number {
    return this.#byHost.size;
  }

  /** Beyond what can be remembered, new names have no voice. */
  note(host: string, skewMs: number, uptimeMs: number): void {
    if (this.#byHost.size >= NAMES_MAX && !this.#byHost.has(host)) return;
    this.#byHost.set(host, { skewMs, at: uptimeMs });
    this.#news++;
  }

  forget(host: string): void {
    if (this.#byHost.delete(host)) this.#news++;
  }

  /** The gateway's clock was set by so much. */
  clockStepped(stepMs: number): void {
    for (const skew of this.#byHost.values()) skew.skewMs -= stepMs;
    this.#median = null;
  }

  /** The median in ms; null while too few hosts have spoken to tell. */
  median(uptimeMs: number, isConnected: (host: string) => boolean): number | null {
    const known = this.#median;
    const { size } = this.#byHost;
    const stands =
      size > HOSTS_FEW && known !== null && uptimeMs - known.at < MEDIAN_MS && this.#news < size * NEWS_SHARE;
    if (stands) return known.value;
    const skews = this.#recent(uptimeMs, isConnected).sort((a, b) => a - b);
    const value = skews.length < HOSTS_MIN ? null : (skews[Math.floor(skews.length / 2)] ?? null);
    this.#median = { value, at: uptimeMs };
    this.#news = 0;
    return value;
  }

  /**
   * @param aheadMs by how much the newest sample is ahead of the gateway's clock: no sample is taken that is more than
   *   two minutes ahead, so a clock that is further behind was set back, unless some host agrees with it.
   */
  clockIsWrong(uptimeMs: number, isConnected: (host: string) => boolean, aheadMs: number): boolean {
    const median = this.median(uptimeMs, isConnected);
    if (median !== null) return Math.abs(median) > SKEW_MS_MAX;
    if (aheadMs <= AGREED_MS) return false;
    return !this.#recent(uptimeMs, isConnected).some((skewMs) => Math.abs(skewMs) <= AGREED_MS);
  }

  #recent(uptimeMs: number, isConnected: (host: string) => boolean): number[] {
    const skews: number[] = [];
    for (const [host, { skewMs, at }] of this.#byHost) {
      if (isConnected(host) || at >= uptimeMs - HELLO_MS) skews.push(skewMs);
      else this.#byHost.delete(host);
    }
    return skews;
  }
}
