/** The rows of a host's log, raw entries and blocks, as entries with their values. */
import { type FullEntry, unpackBlock, unpackHead } from '../block.ts';
import type { PackedEntry } from '../block-head.ts';
import { decodeGroups, type ReadColumn } from '../codec.ts';
import { OFFSETS_PER_HOST } from './catalog.ts';
import { DamageError } from './damage.ts';

/** Where an entry stands. */
export interface Placing {
  readonly offset: number;
  readonly samplesThrough: number;
}

export type LogEntry = FullEntry<ReadColumn> & Placing;

export interface EntryRow {
  readonly key: number;
  readonly stream_id: number;
  readonly seq: number;
  readonly last_seq: number;
  readonly from_at: number;
  readonly at: number;
  readonly content_hash: number;
  readonly samples: number;
  readonly samples_through: number;
  readonly reason: string | null;
  readonly shapes: string | null;
  readonly payload: Uint8Array<ArrayBuffer> | null;
}

export interface HeadRow {
  readonly key: number;
  readonly first_offset: number;
  readonly samples: number;
  readonly samples_through: number;
  readonly head: Uint8Array;
}

export interface BlockRow extends HeadRow {
  readonly body: Uint8Array;
}

/**
 * @param decode makes the columns, by default with a buffer of their own that can be handed over
 * @throws DamageError
 */
export function entryOfRow(row: EntryRow, decode: typeof decodeGroups = decodeGroups): LogEntry {
  return {
    stream: row.stream_id,
    seq: row.seq,
    lastSeq: row.last_seq,
    fromAt: row.from_at,
    at: row.at,
    contentHash: row.content_hash,
    samples: row.samples,
    reason: row.reason,
    offset: row.key % OFFSETS_PER_HOST,
    samplesThrough: row.samples_through,
    groups: row.payload === null ? [] : groupsOfRow(row, row.payload, decode),
  };
}

/** All entries of a block, with their values. @throws DamageError */
export function entriesOfBlock(row: BlockRow): LogEntry[] {
  return unpack(row, () => unpackBlock(row));
}

/** All entries of a block, without their values. @throws DamageError */
export function headsOfBlock(row: HeadRow): (PackedEntry & Placing)[] {
  return unpack(row, () => unpackHead(row.head));
}

function groupsOfRow(
  { key, shapes }: EntryRow,
  payload: Uint8Array<ArrayBuffer>,
  decode: typeof decodeGroups,
): LogEntry['groups'] {
  try {
    const ids = JSON.parse(shapes ?? '') as number[];
    // What no id stands for is not found among the shapes.
    return decode(payload).map(({ at, column }, i) => ({ shape: ids[i] ?? 0, at, column }));
  } catch (error) {
    const { message } = error as Error;
    throw new DamageError(`the entry with key ${key} cannot be read: ${message}`, { cause: error });
  }
}

/** Finds the entries' places, and holds what the row says against what is in it. */
function unpack<T extends PackedEntry>(row: HeadRow, read: () => readonly T[]): (T & Placing)[] {
  const { key, first_offset: first, samples, samples_through: end } = row;
  try {
    let samplesThrough = end - samples;
    const entries = read().map((entry, i) => {
      samplesThrough += entry.samples;
      return { ...entry, offset: first + i, samplesThrough };
    });
    if (first + entries.length - 1 !== key % OFFSETS_PER_HOST)
      throw new Error('not as many entries as it has offsets');
    if (samplesThrough !== end) throw new Error('not as many samples as it says');
    return entries;
  } catch (error) {
    const { message } = error as Error;
    throw new DamageError(`the block with key ${key} cannot be read: ${message}`, { cause: error });
  }
}
