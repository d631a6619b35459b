/** Looks into a stored batch's groups without building its values. */

const SHAPE = /\{"shape":(\d+),/g;

/**
 * The shapes that a batch's groups name, in their order. The text is the spool's own, written by `encodeGroup`; no
 * string that a host chose stands in it, so the pattern cannot be met by accident.
 * @returns null when it does not look like groups at all, which means that the spool's file is damaged.
 */
export function shapesOf(groups: string): number[] | null {
  if (!groups.startsWith('[') || !groups.endsWith(']')) return null;
  const ids: number[] = [];
  for (const match of groups.matchAll(SHAPE)) ids.push(Number(match[1]));
  return ids.length === 0 && groups !== '[]' ? null : ids;
}
