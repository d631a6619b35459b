/**
 * A hash of what a batch says, to tell a harmless repeat from another content under the same seq. 32 bits of FNV-1a
 * over words: it guards against mistakes (a copied spool, a seq used twice), not against an adversary, who could say
 * whatever he likes under the next seq anyway.
 */
import type { Batch } from '@tributary/shared/frames';

const PRIME = 0x01000193;
const ABSENT = 0x9e3779b9;
const INVALID = 0x85ebca6b;

const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);

/** Never 0, which stands for "unknown". */
export function contentHash(batch: Batch): number {
  let hash = mixNumber(0x811c9dc5, batch.at);
  for (const { shape, at, column } of batch.groups) {
    hash = mixNumber(mixNumber(hash, shape), at);
    if (column === null) {
      hash = Math.imul(hash ^ INVALID, PRIME);
      continue;
    }
    const { values, absent } = column;
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    for (const word of words) hash = Math.imul(hash ^ word, PRIME);
    if (absent === null) continue;
    for (const [i, flag] of absent.entries()) if (flag === 1) hash = Math.imul(hash ^ ABSENT ^ i, PRIME);
  }
  return hash >>> 0 || 1;
}

function mixNumber(hash: number, value: number): number {
  scratch[0] = value;
  return Math.imul(Math.imul(hash ^ (scratchWords[0] ?? 0), PRIME) ^ (scratchWords[1] ?? 0), PRIME);
}
