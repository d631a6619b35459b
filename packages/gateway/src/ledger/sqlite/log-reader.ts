/** Reads the hosts' logs: entries behind a place, and the place of a moment. A portion at a time, so that no commit waits long. */
import { LOG_START, type Position, type SeekRequest, weightOf } from '../ledger.ts';
import { OFFSETS_PER_HOST } from './catalog.ts';
import type { Core } from './core.ts';
import {
  type BlockRow,
  type EntryRow,
  entriesOfBlock,
  entryOfRow,
  type HeadRow,
  headsOfBlock,
  type LogEntry,
} from './log-rows.ts';
import type { ReadPortion, WireRead, WireStored } from './messages.ts';
import { epochOf, Names, PORTION_WEIGHT_MAX, toStored } from './stored-names.ts';

/** A portion is closed here, too. */
const PORTION_ENTRIES_MAX = 2048;
/** Rows that are fetched at a time. */
const FETCHED_ROWS = 32;

interface LastRow {
  readonly stream_id: number;
  readonly last_seq: number;
}

interface FirstRow {
  readonly key: number;
  readonly samples: number;
  readonly samples_through: number;
}

/** As much as one portion may hold of what is asked for, from the first request on. */
export function readPortion(core: Core, reads: readonly WireRead[]): ReadPortion {
  const names = new Names(core);
  const lists: WireStored[][] = [];
  let weightLeft = PORTION_WEIGHT_MAX;
  let entriesLeft = PORTION_ENTRIES_MAX;
  for (const read of reads) {
    const list: WireStored[] = [];
    lists.push(list);
    let weight = 0;
    // Units are given in whole, as far as they are wanted, so that no block is unpacked twice for one question.
    for (const unit of walk(core, read)) {
      if (weightLeft <= 0 || entriesLeft <= 0) return { lists, isCut: true, shapes: names.shapes };
      const wanted = wantedOf(unit, read, list.length, weight);
      for (const entry of wanted) {
        list.push(toStored(entry, names));
        weight += weightOf(entry);
        weightLeft -= weightOf(entry);
        entriesLeft--;
      }
      if (wanted.length < unit.length) break;
    }
  }
  return { lists, isCut: false, shapes: names.shapes };
}

/** The place before the first entry behind `after` of this moment or later (`Ledger.seek`). */
export function seekHost(core: Core, { host: name, after }: SeekRequest, at: number): Position {
  const host = core.catalog.findHost(name);
  if (host === undefined) return LOG_START;
  const base = host.id * OFFSETS_PER_HOST;
  const first = firstInBlocks(core, base, after, at) ?? firstInEntries(core, base, after, at);
  const offset = first === null ? host.nextOffset - 1 : first.offset - 1;
  const samples = first === null ? host.samples : first.samplesBefore;
  if (first?.before != null) return { offset, samples, ...nameOf(core, first.before) };
  const before =
    core.sql.entryBefore.get(base, base + offset) ?? core.sql.blockBefore.get(base, base + offset);
  if (before === undefined) return { offset, samples, epoch: '', seq: 0 };
  const { stream_id, last_seq } = before as LastRow;
  return { offset, samples, ...nameOf(core, { stream: stream_id, lastSeq: last_seq }) };
}

/** An entry that was looked for. */
interface First {
  readonly offset: number;
  readonly samplesBefore: number;
  /** The entry before it, where it is in the same block. */
  readonly before: { readonly stream: number; readonly lastSeq: number } | null;
}

function firstInBlocks({ sql }: Core, base: number, after: number, at: number): First | null {
  let from = base + after;
  for (;;) {
    const found = sql.seekBlock.get(from, base + OFFSETS_PER_HOST, at) as { key: number } | undefined;
    if (found === undefined) return null;
    const entries = headsOfBlock(sql.blockHead.get(found.key) as HeadRow);
    const place = entries.findIndex((entry) => entry.offset > after && entry.at >= at);
    const first = entries[place];
    if (first !== undefined) {
      const { offset, samples, samplesThrough } = first;
      return { offset, samplesBefore: samplesThrough - samples, before: entries[place - 1] ?? null };
    }
    // What is new enough in it is not behind `after`.
    from = found.key;
  }
}

function firstInEntries({ sql }: Core, base: number, after: number, at: number): First | null {
  const row = sql.seekEntry.get(base + after, base + OFFSETS_PER_HOST, at) as FirstRow | undefined;
  if (row === undefined) return null;
  return { offset: row.key - base, samplesBefore: row.samples_through - row.samples, before: null };
}

function nameOf(core: Core, { stream, lastSeq }: { stream: number; lastSeq: number }) {
  return { epoch: epochOf(core, stream), seq: lastSeq };
}

/** A host's entries behind an offset: those of a block together, others by themselves. Blocks are before all others. */
function* walk({ sql, catalog }: Core, { host, after }: WireRead): Generator<readonly LogEntry[]> {
  const found = catalog.findHost(host);
  if (found === undefined) return;
  const base = found.id * OFFSETS_PER_HOST;
  const end = base + OFFSETS_PER_HOST;
  let from = base + after;
  for (;;) {
    const block = sql.block.get(from, end) as BlockRow | undefined;
    if (block === undefined) break;
    yield entriesOfBlock(block).filter(({ offset }) => offset > after);
    from = block.key;
  }
  for (;;) {
    const rows = sql.entries.all(from, end, FETCHED_ROWS) as EntryRow[];
    for (const row of rows) yield [entryOfRow(row)];
    const last = rows.at(-1);
    if (last === undefined) return;
    from = last.key;
  }
}

/** The entries of a unit that a request still wants, having been given so much. */
function wantedOf(
  unit: readonly LogEntry[],
  { entriesMax, weightMax, atLeastOne }: WireRead,
  entriesGiven: number,
  weightGiven: number,
): readonly LogEntry[] {
  let weight = weightGiven;
  const end = unit.findIndex((entry, i) => {
    weight += weightOf(entry);
    const isFree = atLeastOne && entriesGiven + i === 0;
    return entriesGiven + i >= entriesMax || (weight > weightMax && !isFree);
  });
  return end < 0 ? unit : unit.slice(0, end);
}
