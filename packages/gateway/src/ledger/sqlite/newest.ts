/**
 * What hosts said last: of each the entries that have the last values of any shape (`Ledger.newest`). Which these are is told by
 * their shapes alone, so that of a host that says all it has with each batch one is read, and not every one that could be its newest.
 */

import { readHead } from '../block-head.ts';
import { weightOf } from '../ledger.ts';
import { OFFSETS_PER_HOST } from './catalog.ts';
import type { Core } from './core.ts';
import { DamageError } from './damage.ts';
import {
  type BlockRow,
  type EntryRow,
  entriesOfBlock,
  entryOfRow,
  type HeadRow,
  type LogEntry,
} from './log-rows.ts';
import type { ReadPortion, WireStored } from './messages.ts';
import { Names, PORTION_WEIGHT_MAX, toStored } from './stored-names.ts';

interface ShapesRow {
  readonly key: number;
  /** JSON array of ids; null for a tombstone. */
  readonly shapes: string | null;
}

/** @returns of the first hosts, as many as one portion may hold but at least one */
export function newestPortion(core: Core, hosts: readonly string[], entriesMax: number): ReadPortion {
  const names = new Names(core);
  const lists: WireStored[][] = [];
  let weight = 0;
  for (const host of hosts) {
    if (weight >= PORTION_WEIGHT_MAX) break;
    const entries = newestOf(core, host, entriesMax);
    for (const entry of entries) weight += weightOf(entry);
    lists.push(entries.map((entry) => toStored(entry, names)));
  }
  return { lists, isCut: false, shapes: names.shapes };
}

/** In the order of the log. */
function newestOf({ sql, catalog }: Core, name: string, entriesMax: number): LogEntry[] {
  const host = catalog.findHost(name);
  if (host === undefined) return [];
  const base = host.id * OFFSETS_PER_HOST;
  const after = base + Math.max(0, host.nextOffset - 1 - entriesMax);
  const seen = new Set<number>();
  const found: LogEntry[] = [];
  // All blocks of a host are before all its other entries.
  for (const { key, shapes } of sql.shapesAfter.all(after, base + OFFSETS_PER_HOST) as ShapesRow[]) {
    if (!hasNew(idsOf(key, shapes), seen)) continue;
    const [row] = sql.entries.all(key - 1, key, 1) as EntryRow[];
    if (row !== undefined) found.push(entryOfRow(row));
  }
  for (const row of sql.headsAfter.all(after, base + OFFSETS_PER_HOST) as HeadRow[]) {
    const wanted = wantedIn(row, after - base, seen);
    if (wanted.size === 0) continue;
    const block = sql.block.get(row.key - 1, row.key + 1) as BlockRow;
    found.push(
      ...entriesOfBlock(block)
        .filter(({ offset }) => wanted.has(offset))
        .reverse(),
    );
  }
  return found.reverse();
}

/** Offsets of the entries behind a place that have the last values of a shape. */
function wantedIn(row: HeadRow, after: number, seen: Set<number>): Set<number> {
  const { panels, layouts, entries } = headOf(row);
  const wanted = new Set<number>();
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i];
    const offset = row.first_offset + i;
    if (entry === undefined || offset <= after) break;
    if (entry.reason !== null) continue;
    const ids = (layouts[entry.layout] ?? []).map(({ panel }) => panels[panel]?.shape ?? 0);
    if (hasNew(ids, seen)) wanted.add(offset);
  }
  return wanted;
}

/** Whether any of them was not seen yet; now they were. */
function hasNew(ids: readonly number[], seen: Set<number>): boolean {
  const before = seen.size;
  for (const id of ids) seen.add(id);
  return seen.size > before;
}

function idsOf(key: number, shapes: string | null): readonly number[] {
  if (shapes === null) return [];
  try {
    return JSON.parse(shapes) as number[];
  } catch (error) {
    const { message } = error as Error;
    throw new DamageError(`the entry with key ${key} cannot be read: ${message}`, { cause: error });
  }
}

function headOf({ key, head }: HeadRow) {
  try {
    return readHead(head);
  } catch (error) {
    const { message } = error as Error;
    throw new DamageError(`the block with key ${key} cannot be read: ${message}`, { cause: error });
  }
}
