/**
 * How the spool keeps a batch's groups: as they are sent, but for the moment of a group that was taken before its batch.
 * The time of a batch may be put right later, and with it that of its groups, so what is kept is how much older they are.
 */
import { encodeGroup } from '@tributary/shared/encode';
import { GROUPS_PER_BATCH_MAX } from '@tributary/shared/limits';
import type { Shape } from '@tributary/shared/shape';

export interface SpoolGroup {
  readonly shape: Shape;
  /** `null` is absent now. */
  readonly values: readonly (number | null)[];
  /** How long before its batch it was taken, in whole ms; 0 unless given. */
  readonly ageMs?: number;
}

/** No string that anybody chose stands in a batch's groups, so neither pattern can be met by accident. */
const AGE = '"age":';
const AGES = /"age":(\d+),/g;

export function encodeStoredGroup(shapeId: number, { values, ageMs = 0 }: SpoolGroup): string {
  const text = encodeGroup(shapeId, values);
  return ageMs <= 0 ? text : text.replace('"values"', `${AGE}${Math.round(ageMs)},"values"`);
}

/** The groups of a batch as they are sent, whose own time is `at`. */
export function datedGroups(groups: string, at: number): string {
  if (!groups.includes(AGE)) return groups;
  return groups.replaceAll(AGES, (_, age: string) => `"at":${Math.max(0, at - Number(age))},`);
}

/**
 * Lays encoded groups out in batches, in their order, so that none gets larger than a frame may be, or has more groups
 * than one may have: a gateway refuses the whole connection for that.
 * @returns for each batch the indexes of its groups; one without any for no groups.
 */
export function packGroups(texts: readonly string[], bytesMax: number): number[][] {
  const batches: number[][] = [[]];
  let bytes = 0;
  for (const [i, { length }] of texts.entries()) {
    const isFull = bytes + length > bytesMax || batches.at(-1)?.length === GROUPS_PER_BATCH_MAX;
    if (bytes > 0 && isFull) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(i);
    bytes += length;
  }
  return batches;
}
