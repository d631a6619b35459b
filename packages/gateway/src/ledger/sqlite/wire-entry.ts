/** Entries on their way to the worker and back: groups as payloads, shapes by hash. */
import { presentCount } from '@tributary/shared/column';
import { decodeGroups, encodeGroups } from '../codec.ts';
import type { Entry, StoredEntry } from '../ledger.ts';
import type { WireEntry, WireShape, WireStored } from './messages.ts';

export function toWire(entry: Entry): WireEntry {
  if (entry.kind === 'tombstone') {
    const { seq, lastSeq, fromAt, at, reason, contentHash } = entry;
    return { seq, lastSeq, fromAt, at, contentHash, reason, samples: 0, shapes: [], payload: null };
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
    samples: groups.reduce((sum, { column }) => sum + presentCount(column), 0),
    shapes,
    payload: encodeGroups(groups),
  };
}

/** @throws Error when the payload is damaged or names a shape that is not there. */
export function fromWire(stored: WireStored, shapes: ReadonlyMap<string, WireShape>): StoredEntry {
  const { offset, epoch, seq, lastSeq, fromAt, at, contentHash, reason, payload, samples, samplesThrough } =
    stored;
  const place = { offset, epoch, samples, samplesThrough };
  if (payload === null) {
    return { kind: 'tombstone', ...place, seq, lastSeq, fromAt, at, contentHash, reason: reason ?? '' };
  }
  const groups = decodeGroups(payload).map((group, i) => {
    const shape = shapes.get(stored.shapes[i] ?? '');
    if (shape === undefined) throw new Error(`entry at offset ${offset} has no shape for group ${i}`);
    return { shape, at: group.at, column: group.column };
  });
  return { kind: 'batch', ...place, seq, at, contentHash, groups };
}
