/**
 * The labels of series that others tell, as they may stand beside the target's. The gateway puts `exported_` before a name
 * that is the target's until it is free (docs/PROTOCOL.md, "Labels"). It is done here already, so that two series
 * which become one by that are found where they come in, and not by the rejection of everything that came with them.
 */

/** Names that no series can have of its own, whatever the target's labels are. */
const ALWAYS_RESERVED = ['host', 'instance', 'job'] as const;

/** @param target names of the target's labels. */
export function reservedNames(target: Iterable<string>): ReadonlySet<string> {
  return new Set([...ALWAYS_RESERVED, ...target]);
}

/** A name with `exported_` before it until it is none of those taken. */
export function freeName(name: string, taken: { has(name: string): boolean }): string {
  let free = name;
  while (taken.has(free)) free = `exported_${free}`;
  return free;
}

/**
 * Renames what is reserved.
 * @param labels names and values in turn, sorted by name, without empty values.
 * @returns likewise; the same array when there is nothing to rename.
 */
export function withoutReserved(labels: readonly string[], reserved: ReadonlySet<string>): readonly string[] {
  let clash = false;
  for (let i = 0; i < labels.length; i += 2) clash ||= reserved.has(labels[i] ?? '');
  if (!clash) return labels;
  const taken = new Set(reserved);
  const pairs: (readonly [string, string])[] = [];
  for (let i = 0; i < labels.length; i += 2) taken.add(labels[i] ?? '');
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] ?? '';
    const free = reserved.has(name) ? freeName(name, taken) : name;
    taken.add(free);
    pairs.push([free, labels[i + 1] ?? '']);
  }
  return flatSorted(pairs);
}

export function sortedByName(
  pairs: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Names and values in turn, sorted by name. */
export function flatSorted(pairs: readonly (readonly [string, string])[]): readonly string[] {
  return sortedByName(pairs).flat();
}

/**
 * A copy that does not keep alive the large text that it was cut from: V8 makes a view of it of any cut of 13 characters
 * or more, and a label value would hold on to a whole body.
 */
export function detached(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1);
}
