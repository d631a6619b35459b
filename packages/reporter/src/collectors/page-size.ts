/**
 * The size of a memory page, which some files of `/proc` count in. Node.js does not tell it, so it is read from the
 * values that the kernel handed to this process at its start.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Roots } from './collector.ts';
import { isAbsent } from './source.ts';

/** AT_PAGESZ of `<linux/auxvec.h>`. */
const PAGE_SIZE_KEY = 6n;
const USUAL_BYTES = 4096;

/**
 * @param auxv pairs of key and value, a machine word each: 64 bits, little endian on every machine with a build of
 *   Node.js 22 for Linux but s390x, whose pages have the usual size.
 */
export function parsePageSize(auxv: Uint8Array): number {
  const view = new DataView(auxv.buffer, auxv.byteOffset, auxv.byteLength);
  for (let at = 0; at + 16 <= view.byteLength; at += 16) {
    if (view.getBigUint64(at, true) === PAGE_SIZE_KEY) return Number(view.getBigUint64(at + 8, true));
  }
  return USUAL_BYTES;
}

/** Bytes of a page; read at the first call only. */
export function createPageSize(roots: Roots): () => number {
  let bytes: number | null = null;
  return () => {
    bytes ??= read(join(roots.proc, 'self/auxv'));
    return bytes;
  };
}

function read(path: string): number {
  try {
    return parsePageSize(readFileSync(path));
  } catch (error) {
    if (isAbsent(error)) return USUAL_BYTES;
    throw error;
  }
}
