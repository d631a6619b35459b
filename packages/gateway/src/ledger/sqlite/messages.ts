/** What the ledger's main-thread half and its worker say to each other: structured clones, payloads included. */
import type {
  HostState,
  LedgerStats,
  Position,
  SeekRequest,
  StoredCursor,
  StreamState,
  TrimBounds,
} from '../ledger.ts';

/** What an entry is, but for its values; its shapes are named by hash. */
export interface WireEntryHead {
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
  /** Of the encoded groups; null for a tombstone, which has none. */
  readonly payloadBytes: number | null;
}

/** An entry whose groups are encoded. */
export interface WireEntry extends Omit<WireEntryHead, 'payloadBytes'> {
  readonly payload: Uint8Array<ArrayBuffer> | null;
}

export interface WireAppend<E = WireEntry> {
  readonly host: string;
  readonly epoch: string;
  readonly entries: readonly E[];
}

export interface WireShape {
  readonly hash: string;
  readonly body: string;
}

/** Entries of one host behind an offset, up to the first that one of the bounds forbids. */
export interface WireRead {
  readonly host: string;
  readonly after: number;
  readonly entriesMax: number;
  /** As `weightOf` counts. */
  readonly weightMax: number;
  /** `weightMax` does not forbid the first one. */
  readonly atLeastOne: boolean;
}

export type Request =
  | {
      readonly kind: 'commit';
      readonly appends: readonly WireAppend<WireEntryHead>[];
      /** Of all their entries, one behind the other: as many objects would cost more than the bytes. Handed over. */
      readonly payloads: Uint8Array<ArrayBuffer>;
      readonly shapes: readonly WireShape[];
    }
  | { readonly kind: 'stream'; readonly host: string; readonly epoch: string }
  | { readonly kind: 'hosts' }
  | { readonly kind: 'read'; readonly reads: readonly WireRead[] }
  /** A portion; hosts for which it has no list are to be asked for again. */
  | { readonly kind: 'newest'; readonly hosts: readonly string[]; readonly entriesMax: number }
  | { readonly kind: 'seek'; readonly requests: readonly SeekRequest[]; readonly at: number }
  | { readonly kind: 'cursors' }
  | { readonly kind: 'saveCursor'; readonly cursor: StoredCursor }
  | { readonly kind: 'removeCursor'; readonly name: string; readonly selection: string }
  /** One portion of what is older than the bound. */
  | { readonly kind: 'trimAge'; readonly bounds: TrimBounds }
  /** One portion of packing, of the hosts from this place on, by the policy or a tighter one (`pack-policy.ts`). */
  | { readonly kind: 'pack'; readonly from: PackPlace; readonly tightness: number }
  /** One portion of what is too much. */
  | { readonly kind: 'trimSize'; readonly bounds: TrimBounds }
  | { readonly kind: 'forget'; readonly host: string }
  | { readonly kind: 'close' };

/** Where the new entries of an append were put, which are its last ones; `count` is 0 when none of it was new. */
export interface Placed {
  readonly count: number;
  readonly end: Position;
}

/** One item an append, in order. */
export interface CommitResult {
  /** Null when it is durable, otherwise why it was refused. */
  readonly refusals: readonly (string | null)[];
  readonly placed: readonly Placed[];
}

/** An entry with its values. */
export interface WireStored {
  readonly offset: number;
  readonly epoch: string;
  readonly seq: number;
  readonly lastSeq: number;
  readonly fromAt: number;
  readonly at: number;
  readonly contentHash: number;
  readonly samples: number;
  readonly samplesThrough: number;
  /** Null for a batch. */
  readonly reason: string | null;
  readonly groups: readonly WireGroup[];
}

export interface WireGroup {
  /** Place among the portion's shapes. */
  readonly shape: number;
  readonly at: number;
  /** Buffers are transferred, and may be shared by several columns. */
  readonly values: Float64Array<ArrayBuffer>;
  readonly absent: Uint8Array<ArrayBuffer> | null;
}

export interface ReadPortion {
  /** One a request, of the first ones; others are to be asked again. */
  readonly lists: readonly (readonly WireStored[])[];
  /** True when the last list may end before its request does. */
  readonly isCut: boolean;
  readonly shapes: readonly WireShape[];
}

/** A host's number; hosts before it are done. */
export type PackPlace = number;

export interface PackPortion {
  /** Entries that are in blocks now. */
  readonly packed: number;
  /** What these took up before, about. */
  readonly bytes: number;
  /** What the hosts take up that were looked at, about, as far as it is not packed. */
  readonly left: number;
  /** Where to go on; null when all hosts were looked at. */
  readonly next: PackPlace | null;
}

export interface TrimPortion {
  /** Entries that went. */
  readonly removed: number;
  /** Hashes of shapes that went, and must be handed in again with the next entry that names them. */
  readonly shapes: readonly string[];
  /** True when this portion was full: another one is due. */
  readonly more: boolean;
  /** See `TrimCounts`. */
  readonly full: boolean;
}

export interface Results {
  readonly commit: CommitResult;
  readonly stream: StreamState;
  readonly hosts: readonly HostState[];
  readonly read: ReadPortion;
  readonly newest: ReadPortion;
  readonly seek: readonly Position[];
  readonly cursors: readonly StoredCursor[];
  readonly saveCursor: null;
  readonly removeCursor: null;
  readonly trimAge: TrimPortion;
  readonly pack: PackPortion;
  readonly trimSize: TrimPortion;
  readonly forget: null;
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
