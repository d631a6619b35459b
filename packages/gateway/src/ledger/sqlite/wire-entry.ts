/** Entries on their way to the worker and back: groups as payloads, shapes by hash. */
import { decodeGroups, encodeGroups } from '../codec.ts';
import type { Entry, StoredEntry } from '../ledger.ts';
import type { WireEntry, WireShape, WireStored } from './messages.ts';

export function toWire(entry: Entry): WireEntry {
  if (entry.kind === 'tombstone') {
    const { seq, lastSeq, fromAt, at, reason, contentHash } = entry;
    return { seq, lastSeq, fromAt, at, contentHash, reason, shapes: [], payload: null };
  }
  const { seq, at, contentHash, groups } = entry;
  const shapes = groups.map((group) => group.shape.hash);
  return {
    seq,
    lastSeq: seq,
    fromAt: at,
    at,
    contentHash,
    reason: null,
    shapes,
    payload: encodeGroups(groups),
  };
}

/** @throws Error when the payload is damaged or names a shape that is not there. */
export function fromWire(stored: WireStored, shapes: ReadonlyMap<string, WireShape>): StoredEntry {
  const { offset, epoch, seq, lastSeq, fromAt, at, contentHash, reason, payload } = stored;
  if (payload === null) {
    return { kind: 'tombstone', offset, epoch, seq, lastSeq, fromAt, at, contentHash, reason: reason ?? '' };
  }
  const groups = decodeGroups(payload).map((group, i) => {
    const shape = shapes.get(stored.shapes[i] ?? '');
    if (shape === undefined) throw new Error(`entry at offset ${offset} has no shape for group ${i}`);
    return { shape, at: group.at, column: group.column };
  });
  return { kind: 'batch', offset, epoch, seq, at, contentHash, groups };
}
