/** What the ledger's main-thread half and its worker say to each other: structured clones, payloads included. */
import type {
  HostState,
  LedgerStats,
  Position,
  ReadRequest,
  SeekRequest,
  StoredCursor,
  StreamState,
  TrimBounds,
  TrimCounts,
} from '../ledger.ts';

/** An entry whose groups are encoded and whose shapes are named by hash. */
export interface WireEntry {
  readonly seq: number;
  readonly lastSeq: number;
  readonly fromAt: number;
  readonly at: number;
  readonly contentHash: number;
  /** Null for a batch. */
  readonly reason: string | null;
  /** Values that are not absent. */
  readonly samples: number;
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
  /** A portion of `readMany`: see `Store.readMany`. */
  | { readonly kind: 'readMany'; readonly requests: readonly ReadRequest[]; readonly samplesMax: number }
  | { readonly kind: 'seek'; readonly requests: readonly SeekRequest[]; readonly at: number }
  | { readonly kind: 'cursors' }
  | { readonly kind: 'saveCursor'; readonly cursor: StoredCursor }
  | { readonly kind: 'removeCursor'; readonly name: string; readonly selection: string }
  | { readonly kind: 'trim'; readonly bounds: TrimBounds; readonly entriesMax: number }
  | { readonly kind: 'forget'; readonly host: string }
  /** What was read cannot be right: the file goes, as when SQLite itself says so. */
  | { readonly kind: 'condemn'; readonly message: string }
  | { readonly kind: 'close' };

/** One item an append, in order: null when it is durable, otherwise why it was refused. */
export interface CommitResult {
  readonly refusals: readonly (string | null)[];
  /** One item an append: where its last entries were put; `count` is 0 when none of it was new. */
  readonly placed: readonly { readonly count: number; readonly end: Position }[];
}

export interface WireStored extends WireEntry {
  readonly offset: number;
  readonly epoch: string;
  readonly samplesThrough: number;
}

/** One list an answered request; the requests behind them are to be asked again. */
export interface ReadManyResult {
  readonly lists: readonly (readonly WireStored[])[];
  /** True when the last list ends before its request does. */
  readonly isPartial: boolean;
  /** Every shape that the entries name. */
  readonly shapes: readonly WireShape[];
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
  readonly readMany: ReadManyResult;
  readonly seek: readonly Position[];
  readonly cursors: readonly StoredCursor[];
  readonly saveCursor: null;
  readonly removeCursor: null;
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
      readonly bornAt: number;
      readonly hosts: readonly HostState[];
      readonly stats: LedgerStats;
      readonly setAside: string | null;
    }
  | { readonly kind: 'open-failed'; readonly message: string }
  | { readonly kind: 'done'; readonly result: Results[keyof Results]; readonly stats: LedgerStats }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string }
  /** The file was damaged and is set aside; nothing will be answered any more. `message` says where it is. */
  | { readonly kind: 'damaged'; readonly message: string };
