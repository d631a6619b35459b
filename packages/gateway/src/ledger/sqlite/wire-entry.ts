/** Entries on their way to the worker and back: groups as payloads, shapes by hash. */
import { presentCount } from '@tributary/shared/column';
import { encodeGroups } from '../codec.ts';
import type { Entry, LedgerGroup, ShapeKey, StoredEntry } from '../ledger.ts';
import type { WireEntry, WireStored } from './messages.ts';

export function toWire(entry: Entry): WireEntry {
  if (entry.kind === 'tombstone') {
    const { seq, lastSeq, fromAt, at, reason, contentHash } = entry;
    return { seq, lastSeq, fromAt, at, contentHash, reason, samples: 0, shapes: [], payload: null };
  }
  const { seq, at, contentHash, groups } = entry;
  return {
    seq,
    lastSeq: seq,
    fromAt: at,
    at,
    contentHash,
    reason: null,
    samples: groups.reduce((sum, { column }) => sum + presentCount(column), 0),
    shapes: hashesOf(groups),
    payload: encodeGroups(groups),
  };
}

/** By the first of them, the shapes that a batch had last. */
const listed = new WeakMap<
  ShapeKey,
  { readonly shapes: readonly ShapeKey[]; readonly hashes: readonly string[] }
>();

/**
 * The hashes of the groups' shapes: the same array for the same shapes, mostly, since nearly all batches of a fleet have one of few
 * lists. What is sent to the worker holds each array once.
 */
function hashesOf(groups: readonly LedgerGroup[]): readonly string[] {
  const first = groups[0]?.shape;
  if (first === undefined) return [];
  const last = listed.get(first);
  if (last?.shapes.length === groups.length && last.shapes.every((shape, i) => shape === groups[i]?.shape))
    return last.hashes;
  const shapes = groups.map(({ shape }) => shape);
  const hashes = shapes.map(({ hash }) => hash);
  listed.set(first, { shapes, hashes });
  return hashes;
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
