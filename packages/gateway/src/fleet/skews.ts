/**
 * Whose clock is wrong: the hosts' or this machine's. Each hello tells a host's wall clock; where most hosts disagree with
 * the gateway by more than a minute, it is the gateway that is wrong. Hellos that were refused for that count as well: while
 * the gateway is wrong it welcomes nobody, since hosts would take its time for the true one.
 *
 * Names are cheap to whoever holds a join token, so a handful of new ones must not stop a fleet: where three old hosts have
 * spoken these alone decide, and where fewer have, none of them may disagree.
 */

/** Skews are judged from so many hosts on; fewer could be wrong themselves. */
const HOSTS_MIN = 3;
const SKEW_MS_MAX = 60_000;
/** A hello speaks for so long, or while its connection lasts. */
const HELLO_MS = 10 * 60_000;
/** A host's clock that differs by no more is right, as its own rule has it (docs/PROTOCOL.md, "Time"). */
const AGREED_MS = 120_000;

/** What the fleet knows of a host that has spoken. */
export interface Standing {
  isConnected(host: string): boolean;
  /** Its name was known before, from the ledger or for a while. */
  isOld(host: string): boolean;
}

interface Verdict {
  /** In ms; null while too few have spoken. */
  readonly median: number | null;
  /** An old host agrees with the gateway. */
  readonly isDenied: boolean;
}

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
  #verdict: { readonly value: Verdict; readonly at: number } | null = null;
  /** Hosts that spoke or went since it was worked out. */
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
    this.#verdict = null;
  }

  /** The median in ms of those who decide; null while too few hosts have spoken to tell. */
  median(uptimeMs: number, standing: Standing): number | null {
    return this.#judge(uptimeMs, standing).median;
  }

  /**
   * @param aheadMs by how much the newest sample is ahead of the gateway's clock: no sample is taken that is more than
   *   two minutes ahead, so a clock that is further behind was set back, unless some host agrees with it.
   */
  clockIsWrong(uptimeMs: number, standing: Standing, aheadMs: number): boolean {
    const { median, isDenied } = this.#judge(uptimeMs, standing);
    if (median !== null) return Math.abs(median) > SKEW_MS_MAX && !isDenied;
    if (aheadMs <= AGREED_MS) return false;
    return !this.#recent(uptimeMs, standing).all.some((skewMs) => Math.abs(skewMs) <= AGREED_MS);
  }

  #judge(uptimeMs: number, standing: Standing): Verdict {
    const known = this.#verdict;
    const { size } = this.#byHost;
    const stands =
      size > HOSTS_FEW && known !== null && uptimeMs - known.at < MEDIAN_MS && this.#news < size * NEWS_SHARE;
    if (stands) return known.value;
    const { all, old } = this.#recent(uptimeMs, standing);
    const isUpToThem = old.length >= HOSTS_MIN;
    const value = {
      median: medianOf(isUpToThem ? old : all),
      isDenied: !isUpToThem && old.some((skewMs) => Math.abs(skewMs) <= SKEW_MS_MAX),
    };
    this.#verdict = { value, at: uptimeMs };
    this.#news = 0;
    return value;
  }

  #recent(uptimeMs: number, standing: Standing): { readonly all: number[]; readonly old: number[] } {
    const all: number[] = [];
    const old: number[] = [];
    for (const [host, { skewMs, at }] of this.#byHost) {
      if (!standing.isConnected(host) && at < uptimeMs - HELLO_MS) this.#byHost.delete(host);
      else {
        all.push(skewMs);
        if (standing.isOld(host)) old.push(skewMs);
      }
    }
    return { all, old };
  }
}

/** Null of too few. Sorts what it is given. */
function medianOf(skews: number[]): number | null {
  if (skews.length < HOSTS_MIN) return null;
  return skews.sort((a, b) => a - b)[Math.floor(skews.length / 2)] ?? null;
}
