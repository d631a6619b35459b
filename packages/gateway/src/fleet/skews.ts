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

export class Skews {
  readonly #byHost = new Map<string, Skew>();

  note(host: string, skewMs: number, uptimeMs: number): void {
    this.#byHost.set(host, { skewMs, at: uptimeMs });
  }

  forget(host: string): void {
    this.#byHost.delete(host);
  }

  /** The gateway's clock was set by so much. */
  clockStepped(stepMs: number): void {
    for (const skew of this.#byHost.values()) skew.skewMs -= stepMs;
  }

  /** The median in ms; null while too few hosts have spoken to tell. */
  median(uptimeMs: number, isConnected: (host: string) => boolean): number | null {
    const skews = this.#recent(uptimeMs, isConnected);
    if (skews.length < HOSTS_MIN) return null;
    skews.sort((a, b) => a - b);
    return skews[Math.floor(skews.length / 2)] ?? null;
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
