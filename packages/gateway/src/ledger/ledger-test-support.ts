/** Entries and bounds that tests of the ledger share. */
import type { BatchEntry, ShapeKey, TombstoneEntry, TrimCounts } from './ledger.ts';

export const SHAPE: ShapeKey = { hash: 'a'.repeat(64), body: '{"labels":{},"families":[]}' };
export const NOTHING_GONE: TrimCounts = { age: 0, size: 0, full: false, failure: null };
export const NO_BOUNDS = {
  olderThan: 0,
  bytesMax: Number.MAX_SAFE_INTEGER,
  undelivered: new Map(),
  keepSince: 0,
};

export function batch(seq: number, at = seq * 1000, value = seq): BatchEntry {
  // What stands at an absent place need not come back; 0 does.
  const column = { values: Float64Array.of(value, Number.NaN, 0), absent: Uint8Array.of(0, 0, 1) };
  return { kind: 'batch', seq, at, contentHash: seq * 7, groups: [{ shape: SHAPE, at, column }] };
}

export function tombstone(seq: number, lastSeq: number, reason = 'skipped:too_large'): TombstoneEntry {
  return { kind: 'tombstone', seq, lastSeq, fromAt: seq * 1000, at: lastSeq * 1000, reason, contentHash: 0 };
}
