/** What the link tells the reporter's log and its own series. */
import type { Refuse, Reject } from '@tributary/shared/frames';

export interface LinkObserver {
  /** A gateway took this host. @param backlog batches that wait to be sent. */
  connected(backlog: number): void;
  disconnected(end: {
    readonly code: number;
    readonly reason: string;
    readonly wasStreaming: boolean;
    /** True when a person has to do something; it looks for another credential. */
    readonly parked: boolean;
    /** Until it tries again. */
    readonly pauseMs: number;
    /** What refused it: a code of the gateway's, or `HTTP_` and the status; null for neither. */
    readonly refusal: string | null;
  }): void;
  sent(seq: number, bytes: number): void;
  acked(seq: number): void;
  rejected(reject: Reject): void;
  refused(refuse: Refuse): void;
  skipped(from: number, to: number, reason: string): void;
  newEpoch(why: string): void;
  /** The gateway said something that cannot be understood. */
  confused(message: string): void;
  /** The spool, or the token beside it, could not be read or written; the connection is closed and tried again later. */
  failed(message: string): void;
}
