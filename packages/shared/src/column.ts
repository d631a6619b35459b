/** The values of one group on their way through the gateway: a block of doubles, and which of them are absent. */

export interface Column {
  /** One per series of the shape, in its order; what stands at an absent place means nothing. */
  readonly values: Float64Array;
  /** `absent[i] === 1` when series i has no value now; null when all have one. */
  readonly absent: Uint8Array | null;
}

/** How many values a column holds, the absent ones not counted. */
export function presentCount(column: Column): number {
  if (column.absent === null) return column.values.length;
  let count = column.absent.length;
  for (const flag of column.absent) count -= flag;
  return count;
}
