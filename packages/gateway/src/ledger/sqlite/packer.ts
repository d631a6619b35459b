/**
 * Packs entries that are no longer fresh into blocks (`pack-policy.ts`), a portion at a time. The block takes the entries'
 * place within one transaction, so that a crash leaves either. It is always a host's oldest entries that are packed, so
 * that its blocks stand before all its other entries. Where these are few, they become one with the small blocks right before them.
 */
import { packBlock } from '../block.ts';
import { viewGroups } from '../codec.ts';
import { OFFSETS_PER_HOST } from './catalog.ts';
import type { Core } from './core.ts';
import { type BlockRow, type EntryRow, entriesOfBlock, entryOfRow, type LogEntry } from './log-rows.ts';
import type { PackPlace, PackPortion } from './messages.ts';
import type { PackPolicy } from './pack-policy.ts';
import type { Statements } from './statements.ts';

/** A portion ends after so many bytes of entries or so many hosts: some milliseconds of work. */
const PORTION_BYTES_MAX = 1024 * 1024;
const PORTION_HOSTS_MAX = 256;

/** What a row takes up beside its payload, pages that are not quite full included: about. */
const ROW_BYTES = 400;

interface WeightRow {
  readonly key: number;
  readonly at: number;
  /** Of the payload; null where there is none. */
  readonly bytes: number | null;
}

/** What a host has that is not packed. */
interface Unpacked {
  readonly first: WeightRow;
  /** The key of its newest entry. */
  readonly newest: number;
}

/** Entries that become one block: those behind `after`, through `last`. */
interface Run {
  readonly after: number;
  readonly last: number;
  readonly entries: number;
  readonly bytes: number;
}

/** A block that is to become one with the entries behind it. */
interface Joined {
  readonly key: number;
  readonly firstOffset: number;
  readonly minAt: number;
  readonly samples: number;
}

/** One transaction: packs what is due from a host on, as much as a portion may. */
export function packPortion(core: Core, policy: PackPolicy, now: number, from: PackPlace): PackPortion {
  return core.transaction(() => {
    let [packed, bytes, left, work] = [0, 0, 0, 0];
    let place = from;
    for (let hosts = 0; hosts < PORTION_HOSTS_MAX; hosts++) {
      const first = core.sql.entryAfter.get(place * OFFSETS_PER_HOST) as { key: number } | undefined;
      if (first === undefined) return { packed, bytes, left, next: null };
      place = Math.floor(first.key / OFFSETS_PER_HOST);
      for (;;) {
        const unpacked = unpackedOf(core, place);
        if (unpacked === null) break;
        const run = dueRun(core, policy, now, unpacked);
        if (run === null) {
          left += bytesOf(unpacked);
          break;
        }
        work += packJoined(core, policy, run);
        packed += run.entries;
        bytes += run.bytes + run.entries * ROW_BYTES;
        if (work >= PORTION_BYTES_MAX) return { packed, bytes, left, next: place };
      }
      place++;
    }
    return { packed, bytes, left, next: place };
  });
}

function unpackedOf({ sql }: Core, host: number): Unpacked | null {
  const base = host * OFFSETS_PER_HOST;
  const newest = sql.newestOffset.get(host) as { offset: number } | undefined;
  const [first] = sql.weights.all(base, base + OFFSETS_PER_HOST, 1) as WeightRow[];
  return newest === undefined || first === undefined ? null : { first, newest: base + newest.offset };
}

/** Without a look at more than the first of them: a host's batches are mostly alike, and nothing depends on it much. */
function bytesOf({ first, newest }: Unpacked): number {
  return (newest - first.key + 1) * ((first.bytes ?? 0) + ROW_BYTES);
}

/** The oldest entries of a host that are to become a block, or null. */
function dueRun({ sql }: Core, policy: PackPolicy, now: number, { first, newest }: Unpacked): Run | null {
  const isFresh = ({ key, at }: WeightRow) =>
    at >= now - policy.freshMs && key > newest - policy.freshEntries;
  if (isFresh(first)) return null;
  const isLate = first.at < now - policy.lingerMs;
  const least = Math.min(policy.leastEntries, policy.blockEntries);
  // Most hosts have nothing that is due, which is told by two of their entries.
  if (!isLate && (first.bytes ?? 0) * least <= policy.blockBytes) {
    const last = sql.weight.get(first.key + least - 1) as WeightRow | undefined;
    if (last === undefined || isFresh(last)) return null;
  }
  const end = baseOf(first.key) + OFFSETS_PER_HOST;
  const rows = sql.weights.all(first.key - 1, end, policy.blockEntries + 1) as WeightRow[];
  const { entries, bytes, isWhole } = measure(rows, policy, isFresh);
  if (entries < least && !isWhole && !isLate) return null;
  return { after: first.key - 1, last: first.key + entries - 1, entries, bytes };
}

/** How many of the rows, from the first on, may be in one block, and whether it could have no more. */
function measure(rows: readonly WeightRow[], policy: PackPolicy, isFresh: (row: WeightRow) => boolean) {
  const first = rows[0]?.key ?? 0;
  let entries = 0;
  let bytes = 0;
  for (const row of rows) {
    const weight = row.bytes ?? 0;
    // A block has no gap: where there is one, it cannot grow any more.
    const isEnd = row.key !== first + entries || entries === policy.blockEntries;
    if (isEnd || (entries > 0 && bytes + weight > policy.blockBytes))
      return { entries, bytes, isWhole: true };
    if (isFresh(row)) break;
    entries++;
    bytes += weight;
  }
  return { entries, bytes, isWhole: entries === policy.blockEntries };
}

function pack({ sql }: Core, run: Run): void {
  writeBlock(sql, baseOf(run.last), entriesOf(sql, run));
  sql.removeEntries.run(run.after, run.last);
}

function entriesOf(sql: Statements, { after, last, entries }: Run): LogEntry[] {
  return (sql.entries.all(after, last, entries) as EntryRow[]).map((row) => entryOfRow(row, viewGroups));
}

/** The key of the place before the first entry of the host that a key is of. */
function baseOf(key: number): number {
  return key - (key % OFFSETS_PER_HOST);
}

/** The same, as one with the small blocks before it. @returns how many bytes, before they were packed, that was about. */
function packJoined(core: Core, policy: PackPolicy, run: Run): number {
  const { sql } = core;
  const before = joinedBefore(core, policy, run);
  if (before.length === 0) {
    pack(core, run);
    return run.bytes;
  }
  const entries = before.flatMap(({ key }) => entriesOfBlock(sql.block.get(key - 1, key + 1) as BlockRow));
  entries.push(...entriesOf(sql, run));
  for (const { key } of before) sql.removeBlock.run(key);
  sql.removeEntries.run(run.after, run.last);
  writeBlock(sql, baseOf(run.last), entries);
  return before.reduce((sum, block) => sum + bytesOfBlock(block), run.bytes);
}

/**
 * The blocks right before a run, oldest first, that are packed once more together with it. Each has at most twice as many entries as
 * what stands behind it: so an entry is packed some times until its block is full, not with every run that comes.
 */
function joinedBefore({ sql }: Core, policy: PackPolicy, run: Run): Joined[] {
  const joined: Joined[] = [];
  const newest = sql.weight.get(run.last) as WeightRow;
  let { after, entries, bytes } = run;
  for (;;) {
    const block = sql.joined.get(after) as Joined | undefined;
    if (block === undefined) return joined;
    const own = (block.key % OFFSETS_PER_HOST) - block.firstOffset + 1;
    const isSmall = own <= 2 * entries && own + entries <= policy.blockEntries;
    if (!isSmall || bytes + bytesOfBlock(block) > policy.blockBytes) return joined;
    if (block.minAt < newest.at - policy.joinedMs) return joined;
    joined.unshift(block);
    entries += own;
    bytes += bytesOfBlock(block);
    after = block.key - own;
  }
}

/** Of its values. */
function bytesOfBlock({ samples }: Joined): number {
  return samples * Float64Array.BYTES_PER_ELEMENT;
}

/** Bytes of the entries of a host before a key that are not packed; Infinity when there are more than `entriesMax`. */
export function bytesBefore({ sql }: Core, host: number, end: number, entriesMax: number): number {
  const rows = sql.weights.all(host * OFFSETS_PER_HOST, end, entriesMax + 1) as WeightRow[];
  if (rows.length > entriesMax) return Number.POSITIVE_INFINITY;
  return rows.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
}

/** Within a transaction: packs all entries of a host before a key, since whatever stands before a block has to be packed. */
export function packBefore(core: Core, policy: PackPolicy, host: number, end: number): void {
  const isFresh = () => false;
  for (;;) {
    const rows = core.sql.weights.all(host * OFFSETS_PER_HOST, end, policy.blockEntries + 1) as WeightRow[];
    const first = rows[0]?.key;
    if (first === undefined) return;
    const { entries, bytes } = measure(rows, policy, isFresh);
    pack(core, { after: first - 1, last: first + entries - 1, entries, bytes });
  }
}

/**
 * Within a transaction: writes a block.
 * @param base the key of the host's place before its first entry
 * @param entries follow one another without a gap; at least one
 */
export function writeBlock(sql: Statements, base: number, entries: readonly LogEntry[]): void {
  const [first, newest] = [entries[0], entries.at(-1)];
  if (first === undefined || newest === undefined) return;
  const { head, body } = packBlock(entries);
  const times = entries.map(({ at }) => at);
  sql.insertBlock.run(
    base + newest.offset,
    first.offset,
    Math.min(...times),
    Math.max(...times),
    entries.reduce((sum, { samples }) => sum + samples, 0),
    newest.samplesThrough,
    newest.stream,
    newest.lastSeq,
    head,
    body,
  );
}
