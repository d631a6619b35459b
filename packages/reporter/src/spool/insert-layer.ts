/** Writes what was taken together as one batch, or as several of one time where a frame could not hold it. */
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import type { Moment } from './batch.ts';
import type { Marks } from './marks.ts';
import type { ShapeStore } from './shape-store.ts';
import type { Statements } from './statements.ts';
import { encodeStoredGroup, packGroups, type SpoolGroup } from './stored-groups.ts';

/** Half a frame: room for its other fields. A group's values are shorter than its shape, which keeps to the same. */
const GROUPS_BYTES_MAX = DEFAULT_LIMITS.frameBytesMax / 2;

/**
 * To be called in a transaction. Counts `marks.next` on.
 * @returns the ids of the shapes that it names.
 */
export function insertLayer(
  sql: Statements,
  marks: Marks,
  shapes: ShapeStore,
  { at, boot, mono }: Moment,
  groups: readonly SpoolGroup[],
): number[] {
  const ids = groups.map(({ shape }) => shapes.idOf(shape));
  const texts = groups.map((group, i) => encodeStoredGroup(ids[i] ?? 0, group));
  for (const batch of packGroups(texts, GROUPS_BYTES_MAX)) {
    sql.insert.run(marks.next, at, boot, mono, `[${batch.map((i) => texts[i]).join(',')}]`);
    marks.next++;
  }
  return ids;
}
