/** Whether more than one machine speaks by a host's name: one is refused while another is there, or they take turns. */

export interface RivalTimes {
  readonly times: number;
  /** In ms since 1970. */
  readonly last: number;
  /** Of the one that came last, without a port. */
  readonly address: string;
}

/** Spools that came before the present one. */
const EPOCHS_MAX = 4;

export class Rivals {
  /** Somebody else came while the host was connected, and was refused for that; null for never. */
  refused: RivalTimes | null = null;
  /** A spool came back after another one had spoken in between; null for never. */
  returned: RivalTimes | null = null;
  #epochs: readonly string[] = [];

  refuse(address: string, now: number): void {
    this.refused = next(this.refused, address, now);
  }

  /** A connection was welcomed. @param epoch of its spool */
  welcome(epoch: string, address: string, now: number): void {
    if (this.#epochs[0] === epoch) return;
    // A new spool is no rival: a host may be made anew. One that comes back was never gone.
    if (this.#epochs.includes(epoch)) this.returned = next(this.returned, address, now);
    this.#epochs = [epoch, ...this.#epochs.filter((other) => other !== epoch)].slice(0, EPOCHS_MAX);
  }

  /** The gateway's clock was set by so much. */
  clockStepped(stepMs: number): void {
    this.refused = stepped(this.refused, stepMs);
    this.returned = stepped(this.returned, stepMs);
  }
}

function next(before: RivalTimes | null, address: string, now: number): RivalTimes {
  return { times: (before?.times ?? 0) + 1, last: now, address: address.replace(/:\d+$/, '') };
}

function stepped(times: RivalTimes | null, stepMs: number): RivalTimes | null {
  return times === null ? null : { ...times, last: times.last + stepMs };
}
