/** Entries on their way to the worker and back: groups as payloads, shapes by hash. */
import type { ShapeKey, StoredEntry } from '../ledger.ts';
import type { PackedEntry } from '../packed-batch.ts';
import type { WireEntry, WireStored } from './messages.ts';

export function toWire(entry: PackedEntry): WireEntry {
  if (entry.kind === 'tombstone') {
    const { seq, lastSeq, fromAt, at, reason, contentHash } = entry;
    return { seq, lastSeq, fromAt, at, contentHash, reason, samples: 0, shapes: [], payload: null };
  }
  const { seq, at, contentHash, samples, payload, list } = entry;
  return {
    seq,
    lastSeq: seq,
    fromAt: at,
    at,
    contentHash,
    reason: null,
    samples,
    shapes: list.hashes,
    payload,
  };
}

/** @param shapes those of the portion that the entry came with. */
export function fromWire(stored: WireStored, shapes: readonly ShapeKey[]): StoredEntry {
  const { groups, reason, seq, at, contentHash } = stored;
  const { offset, epoch, samples, samplesThrough } = stored;
  const place = { offset, epoch, samples, samplesThrough };
  if (reason !== null) {
    const { lastSeq, fromAt } = stored;
    return { kind: 'tombstone', ...place, seq, lastSeq, fromAt, at, contentHash, reason };
  }
  const own = groups.map(({ shape: index, at: ownAt, values, absent }) => {
    const shape = shapes[index];
    if (shape === undefined) throw new Error(`entry at offset ${offset} came without its shape ${index}`);
    return { shape, at: ownAt, column: { values, absent } };
  });
  return { kind: 'batch', ...place, seq, at, contentHash, groups: own };
}
