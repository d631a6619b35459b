/**
 * Packs entries that are no longer fresh into blocks (`pack-policy.ts`), a portion at a time. The block takes the entries'
 * place within one transaction, so that a crash leaves either. It is always a host's oldest entries that are packed, so
 * that its blocks stand before all its other entries.
 */
import { packBlock } from '../block.ts';
import { viewGroups } from '../codec.ts';
import { OFFSETS_PER_HOST } from './catalog.ts';
import type { Core } from './core.ts';
import { type EntryRow, entryOfRow } from './log-rows.ts';
import type { PackPlace, PackPortion } from './messages.ts';
import type { PackPolicy } from './pack-policy.ts';
import type { Statements } from './statements.ts';

/** A portion ends after so many bytes of entries or so many hosts: some milliseconds of work. */
const PORTION_BYTES_MAX = 1024 * 1024;
const PORTION_HOSTS_MAX = 256;

interface WeightRow {
  readonly key: number;
  readonly at: number;
  /** Of the payload; null where there is none. */
  readonly bytes: number | null;
}

/** Entries that become one block: those behind `after`, through `last`. */
interface Run {
  readonly after: number;
  readonly last: number;
  readonly entries: number;
  readonly bytes: number;
}

/** One transaction: packs what is due from a host on, as much as a portion may. */
export function packPortion(core: Core, policy: PackPolicy, now: number, from: PackPlace): PackPortion {
  return core.transaction(() => {
    let packed = 0;
    let bytes = 0;
    let place = from;
    for (let hosts = 0; hosts < PORTION_HOSTS_MAX; hosts++) {
      const first = core.sql.entryAfter.get(place * OFFSETS_PER_HOST) as { key: number } | undefined;
      if (first === undefined) return { packed, next: null };
      place = Math.floor(first.key / OFFSETS_PER_HOST);
      for (let run = dueRun(core, policy, now, place); run !== null; run = dueRun(core, policy, now, place)) {
        pack(core, run);
        packed += run.entries;
        bytes += run.bytes;
        if (bytes >= PORTION_BYTES_MAX) return { packed, next: place };
      }
      place++;
    }
    return { packed, next: place };
  });
}

/** The oldest entries of a host that are to become a block, or null. */
function dueRun({ sql }: Core, policy: PackPolicy, now: number, host: number): Run | null {
  const base = host * OFFSETS_PER_HOST;
  const newest = sql.newestOffset.get(host) as { offset: number } | undefined;
  if (newest === undefined) return null;
  const isFresh = ({ key, at }: WeightRow) =>
    at >= now - policy.freshMs && key > base + newest.offset - policy.freshEntries;
  const [first] = sql.weights.all(base, base + OFFSETS_PER_HOST, 1) as WeightRow[];
  if (first === undefined || isFresh(first)) return null;
  const isLate = first.at < now - policy.lingerMs;
  // Most hosts have nothing that is due, which is told by two of their entries.
  if (!isLate && (first.bytes ?? 0) * policy.blockEntries <= policy.blockBytes) {
    const last = sql.weight.get(first.key + policy.blockEntries - 1) as WeightRow | undefined;
    if (last === undefined || isFresh(last)) return null;
  }
  const rows = sql.weights.all(base, base + OFFSETS_PER_HOST, policy.blockEntries + 1) as WeightRow[];
  const { entries, bytes, isWhole } = measure(rows, policy, isFresh);
  if (!isWhole && !isLate) return null;
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

function pack({ sql }: Core, { after, last, entries: count }: Run): void {
  writeBlock(sql, sql.entries.all(after, last, count) as EntryRow[]);
  sql.removeEntries.run(after, last);
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

/** Within a transaction: writes a block. @param rows follow one another without a gap; at least one. */
export function writeBlock(sql: Statements, rows: readonly EntryRow[]): void {
  const entries = rows.map((row) => entryOfRow(row, viewGroups));
  const [first, newest] = [rows[0], rows.at(-1)];
  if (first === undefined || newest === undefined) return;
  const { head, body } = packBlock(entries);
  const times = entries.map(({ at }) => at);
  sql.insertBlock.run(
    newest.key,
    first.key % OFFSETS_PER_HOST,
    Math.min(...times),
    Math.max(...times),
    entries.reduce((sum, { samples }) => sum + samples, 0),
    newest.samples_through,
    newest.stream_id,
    newest.last_seq,
    head,
    body,
  );
}
