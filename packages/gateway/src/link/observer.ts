/** What the link tells the rest of the gateway. Implemented by the fleet and the telemetry, joined in the wiring. */
import type { Hello } from '@tributary/shared/frames';
import type { BatchEntry, TombstoneEntry } from '../ledger/ledger.ts';
import type { HostLimit, RateLimit } from '../limits/limit-name.ts';
import type { AdmittedShape } from './admission.ts';

/** A batch entry whose shapes are the admitted ones. */
export type AdmittedEntry = BatchEntry & {
  readonly groups: readonly (BatchEntry['groups'][number] & { readonly shape: AdmittedShape })[];
};

export type SettledEntry = AdmittedEntry | TombstoneEntry;

/** The seq up to which an entry settles. */
export function lastSeq(entry: SettledEntry): number {
  return entry.kind === 'batch' ? entry.seq : entry.lastSeq;
}

/** Why samples of a host were not taken. */
export type DropReason = 'backwards' | 'repeat' | 'rejected';

export interface LinkObserver {
  /** A hello came of who may speak for the host, welcomed or not. @param skewMs the host's clock minus the gateway's */
  greeted(host: string, skewMs: number): void;
  /**
   * A host was welcomed.
   * @param address of the connection, for people.
   * @param skewMs the host's clock minus the gateway's when its hello came, which may be long before the welcome.
   */
  opened(hello: Hello, address: string, skewMs: number): void;
  /** Entries of a host are on disk. Called in the order of the ledger. */
  settled(host: string, entries: readonly SettledEntry[]): void;
  /** Samples that came and were not kept. */
  dropped(host: string, reason: DropReason, samples: number): void;
  /** A batch or a group was rejected. */
  rejected(host: string, code: string, message: string): void;
  /** A connection is being refused; `host` is '' before hello. @param address of the other end */
  refused(host: string, code: string, message: string, address: string): void;
  /** A host was over a limit: something of it was turned away for that, or it has to wait from now on. */
  limited(host: string, limit: HostLimit): void;
  /** A host was held back for so long, in ms; told while it goes on, too. */
  slowed(host: string, limit: RateLimit, ms: number): void;
  /** The host's voice is gone. */
  closed(host: string): void;
  /** The host asked to be forgotten. */
  left(host: string): void;
  /** A frame came. @param bytes of its text */
  frame(kind: string, bytes: number): void;
}
