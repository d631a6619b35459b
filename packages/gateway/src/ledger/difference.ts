/**
 * What one payload has otherwise than another of the same size. Of a host's batches that come one after another most values are
 * the same: what differs is a quarter of a payload or less.
 *
 *     per 32 words: one word, whose bit i tells that word i differs
 *     then those that differ, in their order
 */

const WORD_BYTES = 4;
const WORDS_PER_MASK = 32;
let scratch = new Uint32Array(0);

/**
 * What `patch` needs to make `wanted` of a copy of `base`.
 * @param bytesMax null when it would be more than so many, as when the sizes differ
 */
export function differenceOf(
  wanted: Uint8Array<ArrayBuffer>,
  base: Uint8Array<ArrayBuffer>,
  bytesMax: number,
): Uint32Array<ArrayBuffer> | null {
  if (wanted.length !== base.length) return null;
  const wantedWords = wordsOf(wanted);
  const baseWords = wordsOf(base);
  if (wantedWords === null || baseWords === null) return null;
  const words = wantedWords.length;
  const masks = Math.ceil(words / WORDS_PER_MASK);
  const wordsMax = Math.floor(bytesMax / WORD_BYTES);
  if (scratch.length < masks + words) scratch = new Uint32Array(masks + words);
  let end = masks;
  for (let m = 0, from = 0; m < masks; m++, from += WORDS_PER_MASK) {
    const to = Math.min(from + WORDS_PER_MASK, words);
    let mask = 0;
    for (let i = from; i < to; i++) {
      const word = wantedWords[i] ?? 0;
      if (word === baseWords[i]) continue;
      mask |= 1 << (i - from);
      scratch[end++] = word;
    }
    scratch[m] = mask;
    if (end > wordsMax) return null;
  }
  return scratch.slice(0, end);
}

/** Makes of a payload, in its place, the other one. @param payload at a multiple of four bytes */
export function patch(payload: Uint8Array<ArrayBuffer>, difference: Uint32Array<ArrayBuffer>): void {
  const words = wordsOf(payload);
  if (words === null) throw new Error('a payload of whole words is wanted');
  const masks = Math.ceil(words.length / WORDS_PER_MASK);
  let next = masks;
  for (let m = 0; m < masks; m++) {
    for (let mask = difference[m] ?? 0; mask !== 0; mask &= mask - 1) {
      const bit = WORDS_PER_MASK - 1 - Math.clz32(mask & -mask);
      words[m * WORDS_PER_MASK + bit] = difference[next++] ?? 0;
    }
  }
}

function wordsOf({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): Uint32Array<ArrayBuffer> | null {
  if (byteOffset % WORD_BYTES !== 0 || length % WORD_BYTES !== 0) return null;
  return new Uint32Array(buffer, byteOffset, length / WORD_BYTES);
}
