/**
 * The binary form of a batch's groups, without their shapes (docs/LEDGER.md, "Payload"). Little-endian, every block
 * aligned to eight bytes: a column is written and read as one copy.
 *
 *     u32 version, u32 number of groups
 *     per group: f64 at, u32 length, u32 flags, length × f64 values,
 *                and with flag 1 a bitmap of absent values, padded to eight bytes
 */
import type { Column } from '@tributary/shared/column';

export interface EncodableGroup {
  readonly at: number;
  readonly column: Column;
}

/** A column that was read. Several may be views of one buffer. */
export interface ReadColumn {
  readonly values: Float64Array<ArrayBuffer>;
  readonly absent: Uint8Array<ArrayBuffer> | null;
}

export interface DecodedGroup extends EncodableGroup {
  readonly column: ReadColumn;
}

const VERSION = 1;
const HEADER_BYTES = 8;
const GROUP_HEADER_BYTES = 16;
const FLAG_ABSENT = 1;

if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) {
  throw new Error('the ledger is written in little-endian order, and this machine is big-endian');
}

export function encodeGroups(groups: readonly EncodableGroup[]): Uint8Array<ArrayBuffer> {
  let size = HEADER_BYTES;
  for (const { column } of groups) size += groupBytes(column.values.length, column.absent !== null);
  const bytes = new Uint8Array(size);
  // Views of the whole cost less than one of each column.
  const doubles = new Float64Array(bytes.buffer);
  const words = new Uint32Array(bytes.buffer);
  words[0] = VERSION;
  words[1] = groups.length;
  let offset = HEADER_BYTES;
  for (const { at, column } of groups) {
    const { values, absent } = column;
    doubles[offset / 8] = at;
    words[offset / 4 + 2] = values.length;
    words[offset / 4 + 3] = absent === null ? 0 : FLAG_ABSENT;
    offset += GROUP_HEADER_BYTES;
    doubles.set(values, offset / 8);
    offset += values.length * 8;
    if (absent === null) continue;
    for (let i = 0; i < absent.length; i++) {
      if (absent[i] === 1) bytes[offset + (i >> 3)] = (bytes[offset + (i >> 3)] ?? 0) | (1 << (i & 7));
    }
    offset += bitmapBytes(absent.length);
  }
  return bytes;
}

/** @throws Error when the bytes are no such payload. */
export function decodeGroups(stored: Uint8Array<ArrayBuffer>): DecodedGroup[] {
  // A copy of our own, so that columns can be views of it whatever the alignment of what the driver gave us.
  return viewGroups(new Uint8Array(stored));
}

/** The same without a copy, unless they stand at no multiple of eight. @param stored nobody changes them any more */
export function viewGroups(stored: Uint8Array<ArrayBuffer>): DecodedGroup[] {
  const bytes = stored.byteOffset % 8 === 0 ? stored : new Uint8Array(stored);
  const begin = bytes.byteOffset;
  const view = new DataView(bytes.buffer, begin, bytes.length);
  if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== VERSION) {
    throw new Error(`not a payload of version ${VERSION}`);
  }
  const groups: DecodedGroup[] = [];
  const count = view.getUint32(4, true);
  let offset = HEADER_BYTES;
  for (let g = 0; g < count; g++) {
    if (offset + GROUP_HEADER_BYTES > bytes.length) throw new Error('payload ends within a group');
    const at = view.getFloat64(offset, true);
    const length = view.getUint32(offset + 8, true);
    const hasAbsent = (view.getUint32(offset + 12, true) & FLAG_ABSENT) !== 0;
    const end = offset + groupBytes(length, hasAbsent);
    if (end > bytes.length) throw new Error('payload ends within a column');
    offset += GROUP_HEADER_BYTES;
    const values = new Float64Array(bytes.buffer, begin + offset, length);
    const absent = hasAbsent ? readBitmap(bytes, offset + length * 8, length) : null;
    groups.push({ at, column: { values, absent } });
    offset = end;
  }
  if (offset !== bytes.length) throw new Error('payload goes on behind its last group');
  return groups;
}

function groupBytes(length: number, hasAbsent: boolean): number {
  return GROUP_HEADER_BYTES + length * 8 + (hasAbsent ? bitmapBytes(length) : 0);
}

function bitmapBytes(length: number): number {
  return Math.ceil(length / 64) * 8;
}

function readBitmap(bytes: Uint8Array, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const absent = new Uint8Array(length);
  for (let i = 0; i < length; i++) absent[i] = ((bytes[offset + (i >> 3)] ?? 0) >> (i & 7)) & 1;
  return absent;
}
