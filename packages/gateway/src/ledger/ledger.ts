/**
 * The ledger's port: an append-only log of what every host has settled.
 *
 * Contract
 * - **Order.** A host has one log. Its entries carry offsets that rise by one with each entry, over all of its epochs.
 *   Entries of one `append` stand in their order, appends of one host in the order of the calls. Hosts are
 *   independent of each other.
 * - **Durable at return.** When `append` resolves, its entries survive the death of the process, of the system and a
 *   loss of power. What has not resolved may be there after a crash or not, but never in part and never out of order.
 * - **Idempotent** by `(host, epoch, seq)`: an entry that is settled already is passed over. An entry that would leave a
 *   hole fails the whole append with `LedgerGapError`, and nothing of it is kept.
 * - **Patience.** While the medium refuses (a full disk), `append` waits and tries again instead of failing;
 *   `health` says so. Callers bound what they leave waiting by looking at `pendingBytes`.
 * - **Ownership.** Columns are copied before `append` returns its promise; the caller may do with them as it likes.
 * - **Position.** A position is an offset within a generation. A generation is named anew whenever entries that were
 *   durable can no longer be found (a lost or a set-aside file); a position of another generation is foreign, and its
 *   holder starts over at what there is.
 * - **Closing.** `close` refuses new calls, lets what was called before finish, and makes what has not become durable
 *   reject with `LedgerClosedError`. It is safe to call twice.
 */
import type { Column } from '@tributary/shared/column';

/** A shape's content and its name. Admitted shapes are such. */
export interface ShapeKey {
  /** SHA-256 of `body`, hex. */
  readonly hash: string;
  readonly body: string;
}

export interface LedgerGroup {
  readonly shape: ShapeKey;
  readonly at: number;
  readonly column: Column;
}

/** One batch that was accepted, in whole or but for its rejected groups. */
export interface BatchEntry {
  readonly kind: 'batch';
  readonly seq: number;
  readonly at: number;
  readonly groups: readonly LedgerGroup[];
  /** A hash of what the reporter sent, to tell a repeat from another content under the same seq. */
  readonly contentHash: number;
}

/** Seqs that are settled without samples: rejected, skipped or lost. Both ends inclusive. */
export interface TombstoneEntry {
  readonly kind: 'tombstone';
  readonly seq: number;
  readonly lastSeq: number;
  /** The time that is not covered; equal to each other where no time is known to be lost. */
  readonly fromAt: number;
  readonly at: number;
  /** For people and metrics: `rejected`, `skipped:too_large`, `gap:spool_full`, … */
  readonly reason: string;
  /** Of the last seq's content where it came as a batch; 0 otherwise. */
  readonly contentHash: number;
}

export type Entry = BatchEntry | TombstoneEntry;

/** Where one epoch of a host stands. */
export interface StreamState {
  /** The first seq that is not settled durably; null for an epoch that never wrote. */
  readonly next: number | null;
  /** `contentHash` of the entry that settled `next - 1`; 0 when there is none. */
  readonly lastHash: number;
  /** The latest `at` of any batch of the host, over all epochs; 0 for none. */
  readonly lastAt: number;
  /** The offset that the host's next entry will get, over all epochs; the first is 1. */
  readonly nextOffset: number;
}

export interface HostState {
  readonly host: string;
  /** The offset that the host's next entry will get; the first is 1. */
  readonly nextOffset: number;
  /** The latest `at` of any batch, over all epochs; 0 for none. */
  readonly lastAt: number;
  /** The epoch that wrote last. */
  readonly epoch: string;
}

/** A stored entry. `offset` is its position within the ledger's generation. */
export type StoredEntry = Entry & { readonly offset: number; readonly epoch: string };

export interface TrimBounds {
  /** Entries whose time is older than this go. */
  readonly olderThan: number;
  /** Then the oldest go until no more than this is used. */
  readonly bytesMax: number;
}

/** How many entries a trim removed. */
export interface TrimCounts {
  /** Because of `olderThan`. */
  readonly age: number;
  /** Because of `bytesMax`, although they were young enough. */
  readonly size: number;
}

export interface LedgerStats {
  /** Bytes that the entries and their indexes take up. */
  readonly bytes: number;
  readonly entries: number;
  /** The time of the oldest entry in ms; 0 when there is none. */
  readonly oldestAt: number;
}

/** How the last commits went. */
export interface LedgerHealth {
  /** Null while commits succeed, otherwise what the medium answered. */
  readonly failure: string | null;
  /** Bytes that were handed to `append` and are not durable yet. */
  readonly pendingBytes: number;
}

export interface Ledger extends AsyncDisposable {
  /** A UUID. Every position belongs to one. */
  readonly generation: string;
  readonly health: LedgerHealth;
  readonly stats: LedgerStats;

  /** @throws LedgerGapError, LedgerClosedError */
  append(host: string, epoch: string, entries: readonly Entry[]): Promise<void>;
  /** The state of one epoch after everything that was appended before this call. */
  stream(host: string, epoch: string): Promise<StreamState>;
  /** Every host that the ledger knows. */
  hosts(): Promise<readonly HostState[]>;
  /**
   * At most `limit` entries of a host whose offset is greater than `after`, in order. Fewer only at the log's end.
   * Entries that were trimmed are passed over in silence: offsets may jump.
   */
  read(host: string, after: number, limit: number): Promise<readonly StoredEntry[]>;
  /** Makes room. A host's streams keep their state when all its entries are gone. */
  trim(bounds: TrimBounds): Promise<TrimCounts>;
  /** Drops a host with everything that is known of it. */
  forget(host: string): Promise<void>;
  close(): Promise<void>;
}

/** An append would have left a hole in its epoch. */
export class LedgerGapError extends Error {
  override readonly name = 'LedgerGapError';
}

/** The ledger was closed before the call could be carried out. */
export class LedgerClosedError extends Error {
  override readonly name = 'LedgerClosedError';
}

/** The ledger's files cannot be opened or are not a ledger. `message` says what to do. */
export class LedgerOpenError extends Error {
  override readonly name: string = 'LedgerOpenError';
}

/** The ledger's file turned out to be damaged and was set aside; the next one to be opened is new, and is refilled. */
export class LedgerDamagedError extends LedgerOpenError {
  override readonly name = 'LedgerDamagedError';
}
