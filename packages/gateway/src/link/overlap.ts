/**
 * Which series two shapes have in common. A host may restate its series in a new shape at any time; the same series in
 * two shapes of one host must still be one series, with one newest point.
 */
import type { AdmittedShape } from './admission.ts';

const known = new WeakMap<AdmittedShape, WeakMap<AdmittedShape, Uint8Array | null>>();

/**
 * @returns `flags[i] === 1` where the i-th value of `of` is a series of `by` too; null when none is. The answer is
 *   kept as long as both shapes live, since the fleet's hosts share their shapes.
 */
export function overlap(of: AdmittedShape, by: AdmittedShape): Uint8Array | null {
  let row = known.get(of);
  if (row === undefined) {
    row = new WeakMap();
    known.set(of, row);
  }
  let flags = row.get(by);
  if (flags === undefined) {
    flags = compute(of, by);
    row.set(by, flags);
  }
  return flags;
}

function compute(of: AdmittedShape, by: AdmittedShape): Uint8Array | null {
  if (!sameTarget(of, by)) return null;
  const theirs = new Set(by.families.flatMap((family) => family.prefixes));
  let flags: Uint8Array | null = null;
  for (const family of of.families) {
    for (const [k, prefix] of family.prefixes.entries()) {
      const index = family.indexes[k];
      if (index === undefined || !theirs.has(prefix)) continue;
      flags ??= new Uint8Array(of.length);
      flags[index] = 1;
    }
  }
  return flags;
}

function sameTarget(a: AdmittedShape, b: AdmittedShape): boolean {
  const names = new Set([...Object.keys(a.labels), ...Object.keys(b.labels)]);
  for (const name of names) if (targetLabel(a, name) !== targetLabel(b, name)) return false;
  return true;
}

function targetLabel(shape: AdmittedShape, name: string): string {
  return shape.labels[name] ?? (name === 'job' ? 'node' : '');
}
