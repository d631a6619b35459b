/** What the link tells the reporter's log and its own series. */
import type { Refuse, Reject } from '@tributary/shared/frames';

export interface LinkObserver {
  /** A gateway took this host. @param backlog batches that wait to be sent. */
  connected(backlog: number): void;
  disconnected(end: {
    readonly code: number;
    readonly reason: string;
    readonly wasStreaming: boolean;
    /** True when it will not try again by itself. */
    readonly parked: boolean;
    readonly pauseMs: number;
  }): void;
  sent(seq: number, bytes: number): void;
  acked(seq: number): void;
  rejected(reject: Reject): void;
  refused(refuse: Refuse): void;
  skipped(from: number, to: number, reason: string): void;
  newEpoch(why: string): void;
  /** The gateway said something that cannot be understood. */
  confused(message: string): void;
  /** The spool could not be read or written; the connection is closed and tried again later. */
  failed(message: string): void;
}
