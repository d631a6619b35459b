/**
 * A hash of what a batch says, to tell a harmless repeat from another content under the same seq. 32 bits in the manner
 * of FNV-1a, over words and with a shift after each: multiplying alone carries only upwards, and doubles differ in their
 * high bits first. It guards against mistakes (a copied spool, a seq used twice), not against an adversary, who could say
 * whatever he likes under the next seq anyway.
 */
import type { Batch } from '@tributary/shared/frames';

const PRIME = 0x01000193;
const ABSENT = 0x9e3779b9;
const INVALID = 0x85ebca6b;

const scratch = new Float64Array(1);
const scratchWords: Uint32Array = new Uint32Array(scratch.buffer);

/** Never 0, which stands for "unknown". */
export function contentHash(batch: Batch): number {
  let hash = mixNumber(0x811c9dc5, batch.at);
  // Mostly all columns of a batch are views of one.
  let buffer: ArrayBufferLike | null = null;
  let words = scratchWords;
  for (const { shape, at, column } of batch.groups) {
    hash = mixNumber(mixNumber(hash, shape), at);
    if (column === null) {
      hash = mix(hash, INVALID);
      continue;
    }
    const { values, absent } = column;
    if (values.buffer !== buffer) {
      buffer = values.buffer;
      words = new Uint32Array(buffer);
    }
    // One word a value: what differs in one of its halves only differs in both together.
    const end = (values.byteOffset >> 2) + 2 * values.length;
    for (let i = values.byteOffset >> 2; i < end; i += 2) {
      const high = words[i + 1] as number;
      hash = mix(hash, (words[i] as number) ^ ((high << 7) | (high >>> 25)));
    }
    if (absent === null) continue;
    for (let i = 0; i < absent.length; i++) if (absent[i] === 1) hash = mix(hash, ABSENT ^ i);
  }
  return hash >>> 0 || 1;
}

function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, PRIME);
  return product ^ (product >>> 15);
}

function mixNumber(hash: number, value: number): number {
  scratch[0] = value;
  return mix(mix(hash, scratchWords[0] ?? 0), scratchWords[1] ?? 0);
}
