/** What the ledger's main-thread half and its worker say to each other: structured clones, payloads included. */
import type { HostState, LedgerStats, StreamState, TrimBounds, TrimCounts } from '../ledger.ts';

/** An entry whose groups are encoded and whose shapes are named by hash. */
export interface WireEntry {
  readonly seq: number;
  readonly lastSeq: number;
  readonly fromAt: number;
  readonly at: number;
  readonly contentHash: number;
  /** Null for a batch. */
  readonly reason: string | null;
  /** Hashes, in the order of the payload's groups. Empty for a tombstone. */
  readonly shapes: readonly string[];
  readonly payload: Uint8Array<ArrayBuffer> | null;
}

export interface WireAppend {
  readonly host: string;
  readonly epoch: string;
  readonly entries: readonly WireEntry[];
}

export interface WireShape {
  readonly hash: string;
  readonly body: string;
}

export type Request =
  | {
      readonly kind: 'commit';
      readonly appends: readonly WireAppend[];
      readonly shapes: readonly WireShape[];
    }
  | { readonly kind: 'stream'; readonly host: string; readonly epoch: string }
  | { readonly kind: 'hosts' }
  | { readonly kind: 'read'; readonly host: string; readonly after: number; readonly limit: number }
  | { readonly kind: 'trim'; readonly bounds: TrimBounds; readonly entriesMax: number }
  | { readonly kind: 'forget'; readonly host: string }
  /** What was read cannot be right: the file goes, as when SQLite itself says so. */
  | { readonly kind: 'condemn'; readonly message: string }
  | { readonly kind: 'close' };

/** One item an append, in order: null when it is durable, otherwise why it was refused. */
export type CommitResult = { readonly refusals: readonly (string | null)[] };

export interface WireStored extends WireEntry {
  readonly offset: number;
  readonly epoch: string;
}

export interface ReadResult {
  readonly entries: readonly WireStored[];
  /** Every shape that the entries name. */
  readonly shapes: readonly WireShape[];
}

export interface TrimPortion extends TrimCounts {
  /** Hashes of shapes that went, and must be handed in again with the next entry that names them. */
  readonly shapes: readonly string[];
  /** True when this portion was full: another one is due. */
  readonly more: boolean;
}

export interface Results {
  readonly commit: CommitResult;
  readonly stream: StreamState;
  readonly hosts: readonly HostState[];
  readonly read: ReadResult;
  readonly trim: TrimPortion;
  readonly forget: null;
  readonly condemn: null;
  readonly close: null;
}

/** The worker's first message, and its answers, in the order of the requests. */
export type Response =
  | {
      readonly kind: 'opened';
      readonly generation: string;
      readonly stats: LedgerStats;
      readonly setAside: string | null;
    }
  | { readonly kind: 'open-failed'; readonly message: string }
  | { readonly kind: 'done'; readonly result: Results[keyof Results]; readonly stats: LedgerStats }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string }
  /** The file was damaged and is set aside; nothing will be answered any more. `message` says where it is. */
  | { readonly kind: 'damaged'; readonly message: string };
