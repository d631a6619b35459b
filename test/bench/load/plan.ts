/** What the load is to do, and what it tells: both ends of the pipe share these. */

export interface LoadPlan {
  /** `http://HOST:PORT` of the gateway. */
  readonly url: string;
  readonly hosts: number;
  readonly series: number;
  /** Whether frames are compressed as a reporter's are: each by its host, or made before for many hosts (`ready-frames.ts`). */
  readonly deflate: 'no' | 'each' | 'ready';
  readonly pace: Flood | Steady;
}

/** As fast as it is acked: what hosts have had since a while ago, a batch each 10 s of it. */
export interface Flood {
  readonly kind: 'flood';
  readonly agoMs: number;
  /** Batches of a host that are on their way at a time. */
  readonly window: number;
  /** Batches of each host; then it stays connected and says nothing. No end unless given. */
  readonly ticks?: number;
}

/** A batch of each host in each interval, the hosts spread over it; those that it has no connection for are sent when it has one. */
export interface Steady {
  readonly kind: 'steady';
  readonly intervalMs: number;
  /** Batches of each host; then it stays connected and says nothing. */
  readonly ticks: number;
}

/** When a batch was sampled, and when it was acked, on the clock of `support/clock.ts`. */
export type Ack = readonly [sampledMs: number, ackedMs: number];

export interface Told {
  /** Hosts that were welcomed and are connected. */
  readonly connected: number;
  /** Samples, since the start. */
  readonly acked: number;
  /** What was sampled; what is not acked of it is on its way or waits for a connection. */
  readonly sampled: number;
  /** Batches that were acked since the last line. */
  readonly acks: readonly Ack[];
  /** Since the first connection, in ms. */
  readonly sinceMs: number;
}
