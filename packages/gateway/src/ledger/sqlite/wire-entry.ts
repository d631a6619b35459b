/** Entries on their way to the worker and back: groups as payloads, shapes by hash. */
import type { ShapeKey, StoredEntry } from '../ledger.ts';
import type { PackedEntry } from '../packed-batch.ts';
import type { WireAppend, WireEntry, WireEntryHead, WireStored } from './messages.ts';

export function toWire(entry: PackedEntry): WireEntryHead {
  if (entry.kind === 'tombstone') {
    const { seq, lastSeq, fromAt, at, reason, contentHash } = entry;
    return { seq, lastSeq, fromAt, at, contentHash, reason, samples: 0, shapes: [], payloadBytes: null };
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
    payloadBytes: payload.length,
  };
}

/** The payloads of entries as `withPayloads` wants them. */
export function joinPayloads(entries: readonly PackedEntry[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const entry of entries) if (entry.kind === 'batch') size += entry.payload.length;
  const joined = new Uint8Array(size);
  let end = 0;
  for (const entry of entries) {
    if (entry.kind !== 'batch') continue;
    joined.set(entry.payload, end);
    end += entry.payload.length;
  }
  return joined;
}

/** @param payloads of all entries of all appends, one behind the other; the entries' are views of it */
export function withPayloads(
  appends: readonly WireAppend<WireEntryHead>[],
  payloads: Uint8Array<ArrayBuffer>,
): WireAppend[] {
  let end = 0;
  const take = (bytes: number) => {
    end += bytes;
    return payloads.subarray(end - bytes, end);
  };
  const whole = appends.map(({ host, epoch, entries }) => ({
    host,
    epoch,
    entries: entries.map(({ payloadBytes, ...head }): WireEntry => {
      return { ...head, payload: payloadBytes === null ? null : take(payloadBytes) };
    }),
  }));
  if (end !== payloads.length) throw new Error(`the payloads have ${payloads.length} bytes, not ${end}`);
  return whole;
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
