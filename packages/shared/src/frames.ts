/**
 * The frames of `tributary.v1`, as both ends hold them once decoded. docs/PROTOCOL.md says what each means; the
 * fixtures in packages/shared/fixtures show each as it stands on the wire.
 */
import type { Column } from './column.ts';
import type { Fault } from './errors.ts';
import type { WireLimits } from './limits.ts';
import type { Shape } from './shape.ts';

/** The WebSocket subprotocol. */
export const SUBPROTOCOL = 'tributary.v1';
/** The path of the gateway's WebSocket. */
export const STREAM_PATH = '/v1/stream';

/** Seqs that a reporter no longer has, with the times that they covered. Both ends inclusive. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly fromAt: number;
  readonly toAt: number;
  readonly reason: string;
}

export interface Hello {
  readonly kind: 'hello';
  readonly host: string;
  /** Names one spool's life. */
  readonly epoch: string;
  /** Names one process. */
  readonly run: string;
  /** The lowest seq that the spool still has; `next` when it is empty. */
  readonly oldest: number;
  /** The highest seq that was acked to this epoch; 0 for none. */
  readonly acked: number;
  /** The highest seq known to have reached every active scraper; 0 for none. */
  readonly delivered: number;
  /** The seq that the next batch will get. */
  readonly next: number;
  /** The host's own wall clock, uncorrected, in ms. */
  readonly clock: number;
  readonly gaps: readonly Gap[];
  readonly agent: string;
  readonly os: string;
}

/** Structure and counts are checked, names and labels are still as they came. Exactly one of the two is set. */
export type ShapeFrame = { readonly kind: 'shape'; readonly id: number } & (
  | { readonly shape: Shape; readonly fault: null }
  | { readonly shape: null; readonly fault: Fault }
);

/** One shape's values. Exactly one of `column` and `fault` is set. */
export interface Group {
  /** The shape's id. */
  readonly shape: number;
  /** The moment of these values when it is not the batch's. */
  readonly at: number;
  readonly column: Column | null;
  readonly fault: Fault | null;
}

export interface Batch {
  readonly kind: 'batch';
  readonly seq: number;
  readonly at: number;
  readonly groups: readonly Group[];
}

export interface Skip {
  readonly kind: 'skip';
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  /** The time that is not covered, where it is known: both or neither. */
  readonly fromAt?: number;
  readonly toAt?: number;
}

export interface Bye {
  readonly kind: 'bye';
  /** `leave` asks the gateway to forget the host; anything else is for people. */
  readonly reason: string;
}

export type ReporterFrame = Hello | ShapeFrame | Batch | Skip | Bye;

export interface Welcome {
  readonly kind: 'welcome';
  /** The first seq of the epoch that is not settled. */
  readonly next: number;
  readonly clock: number;
  /** Batches older than this need not come; they are passed by `skip`. */
  readonly horizon: number;
  readonly limits: WireLimits;
  /** A new host token, told this once: the reporter shows it from its next connection on. */
  readonly token?: string;
}

export interface Ack {
  readonly kind: 'ack';
  /** Everything up to and with this seq is settled on disk. */
  readonly seq: number;
  readonly delivered: number;
}

export interface Reject {
  readonly kind: 'reject';
  readonly seq: number;
  /** The group at fault; absent when the whole batch is. */
  readonly group?: number;
  /** A `RejectCode`, or one that a newer gateway knows. */
  readonly code: string;
  readonly message: string;
}

export interface Pace {
  readonly kind: 'pace';
  readonly intervalMs: number;
}

export interface Refuse {
  readonly kind: 'refuse';
  /** A `RefuseCode`, or one that a newer gateway knows. */
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs?: number;
}

export type GatewayFrame = Welcome | Ack | Reject | Pace | Refuse;
