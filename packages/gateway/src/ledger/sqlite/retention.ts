/**
 * Makes room in the store (docs/LEDGER.md, "Retention"), a portion at a time. A block goes as a whole: for its age when its
 * newest entry is too old, and for its size not while one of its entries may be undelivered.
 */
import type { TrimBounds } from '../ledger.ts';
import { OFFSETS_PER_HOST, SHAPE_STEP_MS } from './catalog.ts';
import type { Core } from './core.ts';
import type { TrimPortion } from './messages.ts';

/** Entries that one portion removes, so that commits get their turn between two of them. */
const PORTION_ENTRIES_MAX = 2048;
/** Shapes that one portion removes; they may be large. */
const PORTION_SHAPES_MAX = 256;
/** Entries that are removed before the size is looked at again. */
const SIZE_STEP_ENTRIES = 16;

interface Row {
  readonly key: number;
  /** Of a block; null for an entry. */
  readonly firstOffset: number | null;
}

/** Removes what is older than the bound, and shapes that nothing names any more. */
export function trimAgePortion(core: Core, { olderThan }: TrimBounds): TrimPortion {
  const removed = core.transaction(() => {
    const blocks = core.sql.blocksOlder.all(olderThan, PORTION_ENTRIES_MAX) as Row[];
    const fromBlocks = remove(core, blocks, PORTION_ENTRIES_MAX);
    const limit = Math.max(0, PORTION_ENTRIES_MAX - fromBlocks);
    const entries = core.sql.entriesOlder.all(olderThan, limit) as Pick<Row, 'key'>[];
    return (
      fromBlocks +
      remove(
        core,
        entries.map(({ key }) => ({ key, firstOffset: null })),
        limit,
      )
    );
  });
  const shapes = removeShapes(core);
  const more = removed >= PORTION_ENTRIES_MAX || shapes.length >= PORTION_SHAPES_MAX;
  return { removed, shapes, more, full: false };
}

/** While more than the bound is in use, removes the oldest of what is not undelivered. */
export function trimSizePortion(core: Core, bounds: TrimBounds): TrimPortion {
  const isTooMuch = () => core.bytes > bounds.bytesMax;
  if (!isTooMuch()) return { removed: 0, shapes: [], more: false, full: false };
  const { removed, left } = core.transaction(() => {
    protect(core, bounds);
    const rows = core.sql.delivered.all({ keepSince: bounds.keepSince, limit: PORTION_ENTRIES_MAX }) as Row[];
    let gone = 0;
    let next = 0;
    while (next < rows.length && gone < PORTION_ENTRIES_MAX && isTooMuch()) {
      let step = 0;
      for (; next < rows.length && step < SIZE_STEP_ENTRIES; next++)
        step += removeRow(core, rows[next] as Row);
      gone += step;
    }
    return { removed: gone, left: rows.length - next };
  });
  const shapes = removeShapes(core);
  const more = isTooMuch() && (left > 0 || removed > 0 || shapes.length > 0);
  return { removed, shapes, more, full: !more && isTooMuch() && core.stats.entries > 0 };
}

/** Removes rows until so many entries have gone. @returns how many have. */
function remove(core: Core, rows: readonly Row[], entriesMax: number): number {
  let removed = 0;
  for (const row of rows) {
    if (removed >= entriesMax) break;
    removed += removeRow(core, row);
  }
  return removed;
}

function removeRow(core: Core, { key, firstOffset }: Row): number {
  const entries = firstOffset === null ? 1 : (key % OFFSETS_PER_HOST) - firstOffset + 1;
  (firstOffset === null ? core.sql.removeEntry : core.sql.removeBlock).run(key);
  core.count(-entries);
  return entries;
}

/** Notes what must not go for its size. */
function protect({ sql, catalog }: Core, { undelivered }: TrimBounds): void {
  sql.unprotectAll.run();
  for (const [name, offset] of undelivered) {
    const host = catalog.findHost(name);
    if (host !== undefined) sql.protect.run(host.id, host.id * OFFSETS_PER_HOST + offset);
  }
}

/** @returns the hashes of those that went. */
function removeShapes(core: Core): string[] {
  return core.transaction(() => {
    const oldestAt = core.oldestAt();
    const unnamedUpTo = oldestAt === null ? Number.MAX_SAFE_INTEGER : oldestAt - SHAPE_STEP_MS;
    return core.catalog.removeShapes(unnamedUpTo, PORTION_SHAPES_MAX);
  });
}
