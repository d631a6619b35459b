/**
 * Which series two shapes have in common. A host may restate its series in a new shape at any time; the same series in
 * two shapes of one host must still be one series, with one newest point.
 *
 * Nearly all pairs of shapes have not even a sample name in common, so that is looked at first, by sorted hashes of the names, and only pairs that pass are compared series by series.
 */
import { fnv1a32 } from '@tributary/shared/hash';
import type { AdmittedShape } from './admission.ts';

/** What of a shape decides whether it can have series in common with another at all. */
interface Signature {
  /** The target's labels, written so that equal text means the same target. */
  readonly target: string;
  /** Hashes of the sample names, ascending. */
  readonly samples: Uint32Array;
}

/** Compared pairs that are remembered. */
const PAIRS_MAX = 2 ** 19;

const signatures = new WeakMap<AdmittedShape, Signature>();
let compared = new WeakMap<AdmittedShape, WeakMap<AdmittedShape, Uint8Array | null>>();
let pairs = 0;

/**
 * @returns `flags[i] === 1` where the i-th value of `of` is a series of `by` too; null when none is. To be read only:
 *   the answer is kept, since the fleet's hosts share their shapes.
 */
export function overlap(of: AdmittedShape, by: AdmittedShape): Uint8Array | null {
  if (!mayOverlap(signatureOf(of), signatureOf(by))) return null;
  let flags = compared.get(of)?.get(by);
  if (flags === undefined) {
    flags = compare(of, by);
    remember(of, by, flags);
  }
  return flags;
}

/** The target's labels, written so that equal text means the same target: series of different ones are different. */
export function targetKeyOf(shape: AdmittedShape): string {
  return signatureOf(shape).target;
}

function mayOverlap(a: Signature, b: Signature): boolean {
  if (a.target !== b.target) return false;
  const { length } = a.samples;
  for (let i = 0, k = 0; i < length; ) {
    const mine = a.samples[i] ?? 0;
    const theirs = b.samples[k];
    if (theirs === undefined) return false;
    if (mine === theirs) return true;
    if (mine < theirs) i++;
    else k++;
  }
  return false;
}

function signatureOf(shape: AdmittedShape): Signature {
  let signature = signatures.get(shape);
  if (signature === undefined) {
    const hashes = new Set<number>();
    for (const { name, suffixes } of shape.families) {
      for (const suffix of new Set(suffixes)) hashes.add(fnv1a32(name + suffix));
    }
    signature = { target: targetKey(shape), samples: Uint32Array.from(hashes).sort() };
    signatures.set(shape, signature);
  }
  return signature;
}

/** A missing `job` means `node`, and an empty label is no label; but a missing `instance` means the host. */
function targetKey({ labels }: AdmittedShape): string {
  const all = Object.entries({ job: 'node', ...labels }).filter(
    ([name, value]) => value !== '' || name === 'instance',
  );
  return JSON.stringify(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function compare(of: AdmittedShape, by: AdmittedShape): Uint8Array | null {
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

function remember(of: AdmittedShape, by: AdmittedShape, flags: Uint8Array | null): void {
  if (++pairs > PAIRS_MAX) {
    compared = new WeakMap();
    pairs = 1;
  }
  const row = compared.get(of) ?? new WeakMap<AdmittedShape, Uint8Array | null>();
  row.set(by, flags);
  compared.set(of, row);
}
