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
 * - **Ownership.** What was appended belongs to the ledger: entries and columns must not be changed any more. The same holds
 *   for whoever reads. The groups of an entry may be made anew each time that they are asked for.
 * - **Position.** A position is a place in a host's log within a generation: behind the entry at its offset. A generation
 *   is named anew whenever entries that were durable can no longer be found (a lost or a set-aside file); a position of
 *   another generation is foreign, and its holder starts over at what there is. Positions carry the number of samples that
 *   the log has had up to there, trimmed ones included, so that the difference of two positions is what lies between them,
 *   whether it is still stored or not.
 * - **Tail.** The newest entries of each host are in memory, and `tail` answers at once. It holds what is durable only, and
 *   is brought up to date before `append` resolves.
 * - **Cursors.** The ledger keeps the places of its readers, in the same generation as what they read, so that both are
 *   lost or kept together. What `saveCursor` has resolved is durable. Dropping a host drops its places.
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
  /** Behind the newest entry. */
  readonly end: Position;
  /** The latest `at` of any batch, over all epochs; 0 for none. */
  readonly lastAt: number;
  /** The epoch that wrote last. */
  readonly epoch: string;
}

/** A place in a host's log: behind the entry that it names. */
export interface Position {
  /** Of the entry; 0 is the place before the first one. */
  readonly offset: number;
  /** Samples of the log up to and with the entry, those included that were trimmed since. */
  readonly samples: number;
  /** The entry's epoch and the last seq that it settles; '' and 0 before the first one. */
  readonly epoch: string;
  readonly seq: number;
}

/** Before the first entry of any host. */
export const LOG_START: Position = { offset: 0, samples: 0, epoch: '', seq: 0 };

/** A stored entry, and where it stands. */
export type StoredEntry = Entry & {
  readonly epoch: string;
  /** Place within the ledger's generation. */
  readonly offset: number;
  /** Values of the entry that are not absent; 0 for a tombstone. */
  readonly samples: number;
  /** `Position.samples` behind the entry. */
  readonly samplesThrough: number;
};

/** What an entry costs whoever reads or serves it: its samples, and one more, since those without any cost something, too. */
export function weightOf({ samples }: { readonly samples: number }): number {
  return samples + 1;
}

/** The same for all entries of a range. */
export function weightOfRange({ after, through }: LogRange): number {
  return through.samples - after.samples + through.offset - after.offset;
}

/** The place behind an entry. */
export function positionOf(entry: StoredEntry): Position {
  const { offset, samplesThrough, epoch } = entry;
  return { offset, samples: samplesThrough, epoch, seq: entry.kind === 'batch' ? entry.seq : entry.lastSeq };
}

/** What is known of a host's log without asking the medium. Replaced when the log grows, never changed. */
export interface Tail {
  /** Behind the newest entry that is durable. */
  readonly end: Position;
  /**
   * The newest entries without a gap up to `end`, oldest first; as many as the implementation keeps, maybe none. Where the
   * first one's offset is not beyond `position.offset + 1`, everything behind `position` is here.
   */
  readonly entries: readonly StoredEntry[];
}

export interface ReadRequest {
  readonly host: string;
  /** Entries of greater offsets are wanted. */
  readonly after: number;
  /** Entries that do not fit are left out, but for the first one. Each weighs as `weightOf` says. */
  readonly weightMax: number;
}

export interface SeekRequest {
  readonly host: string;
  /** Entries up to this offset are not looked at. */
  readonly after: number;
}

/** Entries `after.offset + 1` to `through.offset`. */
export interface LogRange {
  readonly after: Position;
  readonly through: Position;
}

/** Where a reader stands in one host's log. */
export interface Place {
  /** Everything up to here was taken, but for `open`. */
  readonly taken: Position;
  /** Ranges before `taken` that were not, ascending and apart; nearly always none. */
  readonly open: readonly LogRange[];
}

export interface CursorKey {
  readonly name: string;
  /** Which series it reads, in a form that is the same whenever the meaning is; '' for all. */
  readonly selection: string;
}

export interface StoredCursor extends CursorKey {
  /** When it was made, and when it was last used, in ms. */
  readonly createdAt: number;
  readonly seenAt: number;
  /** By host. */
  readonly places: ReadonlyMap<string, Place>;
}

export interface TrimBounds {
  /** Entries whose time is older than this go, whoever has not read them. */
  readonly olderThan: number;
  /** Then the oldest go until no more than this is used, but for what is undelivered. */
  readonly bytesMax: number;
  /** By host, the offset behind which entries of `keepSince` or later are undelivered. Other hosts have none. */
  readonly undelivered: ReadonlyMap<string, number>;
  readonly keepSince: number;
}

/** How many entries a trim removed. */
export interface TrimCounts {
  /** Because of `olderThan`. */
  readonly age: number;
  /** Because of `bytesMax`, although they were young enough. */
  readonly size: number;
  /**
   * True when `bytesMax` is passed by what is undelivered alone: nothing more should be taken until that changes. Null when
   * it did not come to that.
   */
  readonly full: boolean | null;
  /** What kept it from doing all that it was to do. What is counted above is gone all the same. */
  readonly failure: Error | null;
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
  /** When the generation began, in ms. */
  readonly bornAt: number;
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
  /**
   * The entries of several hosts, in the order of the requests: of each host those behind `after`, in order, as many as
   * `weightMax` allows but at least one where there is any. Commits are not kept waiting for all of it.
   */
  readMany(requests: readonly ReadRequest[]): Promise<readonly (readonly StoredEntry[])[]>;
  /**
   * What each of the hosts said last: of its last `entriesMax` entries those that have a group of a shape of which none behind them has
   * one, in order. Commits are not kept waiting for all of it.
   */
  newest(hosts: readonly string[], entriesMax: number): Promise<readonly (readonly StoredEntry[])[]>;
  /** Null for a host that has no log. */
  tail(host: string): Tail | null;
  /**
   * For each request the place before the host's first stored entry behind `after` of this moment or later; the log's end
   * where there is none, and `LOG_START` for a host that has no log. Trimmed entries count as older. Commits are not kept
   * waiting for all of it.
   */
  seek(requests: readonly SeekRequest[], at: number): Promise<readonly Position[]>;
  /** Every cursor that was saved. */
  cursors(): Promise<readonly StoredCursor[]>;
  /** Makes a cursor or changes it. Places that are not named stay as they are; those of hosts without a log are passed over. */
  saveCursor(cursor: StoredCursor): Promise<void>;
  removeCursor(key: CursorKey): Promise<void>;
  /** Makes room, and brings older entries into a form that takes less of it. Streams keep their state without entries. */
  trim(bounds: TrimBounds): Promise<TrimCounts>;
  /** Drops a host with everything that is known of it, the places of cursors in its log included. */
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
