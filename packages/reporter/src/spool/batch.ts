/** What goes into the spool and comes out of it. */

/** When a batch was taken: the time of day as far as it is known, and a clock of this boot that nobody sets. */
export interface Moment {
  readonly at: number;
  readonly boot: string;
  readonly mono: number;
}

/** The gateway's time in terms of a boot's monotonic clock. */
export interface GatewayClock {
  readonly boot: string;
  /** What is to be added to the boot's clock. */
  readonly offset: number;
}

export interface AppendOptions {
  /** True while a connection is open. */
  readonly willSend: boolean;
  /** False while nobody has confirmed this boot's clock: batches of earlier boots are not dropped for their age. */
  readonly timeIsSure: boolean;
  /** The least time between two batches, a positive integer; well below the interval. */
  readonly stepMs: number;
}

/** A batch as it is sent. */
export interface StoredBatch {
  readonly seq: number;
  readonly at: number;
  /** The JSON array of groups. */
  readonly groups: string;
}
