/** The lines of a shape's family that belong together. */
import type { AdmittedFamily } from '../link/admission.ts';

/** Lines of one shape's family; arrays as in `AdmittedFamily`, which is one itself. */
export interface Lines {
  readonly prefixes: readonly string[];
  readonly indexes: Uint32Array;
  /** Where each metric's lines begin, and the number of lines as a last item. */
  readonly starts: Uint32Array;
}

/** The lines of `family` with `suffix`, or all; each a metric by itself unless they are kept `grouped`. */
export function linesOf(family: AdmittedFamily, suffix: string | null, grouped: boolean): Lines {
  const { prefixes, indexes, suffixes, starts } = family;
  if (suffix === null) {
    const single = starts.length === prefixes.length + 1;
    return grouped || single ? family : { prefixes, indexes, starts: singly(prefixes.length) };
  }
  const kept = [...prefixes.keys()].filter((k) => suffixes[k] === suffix);
  return {
    prefixes: kept.map((k) => prefixes[k] ?? ''),
    indexes: Uint32Array.from(kept, (k) => indexes[k] ?? 0),
    starts: singly(kept.length),
  };
}

/** The own labels of a line as its prefix has them, without the one that `dropped` finds. */
export function metricLabels(prefix: string, dropped: RegExp | null): string {
  const labels = prefix.slice(prefix.indexOf('{'));
  return dropped === null ? labels : labels.replace(dropped, '$1');
}

/** Finds a label among those of a prefix, for `metricLabels`. */
export function labelPattern(label: string): RegExp {
  // A quote inside a value is escaped, so this cannot begin in one.
  return new RegExp(`([{,])${label}="(?:[^"\\\\]|\\\\.)*",`, 's');
}

/** How many lines `linesOf` gives. */
export function countLines(family: AdmittedFamily, suffix: string | null): number {
  if (suffix === null) return family.prefixes.length;
  return family.suffixes.reduce((count, own) => (own === suffix ? count + 1 : count), 0);
}

function singly(count: number): Uint32Array {
  return Uint32Array.from({ length: count + 1 }, (_, k) => k);
}
