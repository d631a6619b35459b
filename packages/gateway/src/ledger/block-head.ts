/**
 * The head of a packed block: what its entries are, without their values (docs/LEDGER.md, "Blocks").
 *
 *     u32 CRC-32 of the rest, little-endian; what follows are varints and texts (`bytes.ts`)
 *     format, bytes of the body before it was compressed
 *     number of panels; of each: shape, series
 *     number of layouts; of each: number of groups, and of each 2 × its panel + 1 when it says which values are absent
 *     number of reasons; of each: its text
 *     number of entries; of each:
 *         stream; seq - 1 - the seq that the one before ended with; last seq - seq; at - that of the one before;
 *         at - from at; content hash; samples
 *         of a batch: 2 × layout; 1 when all groups have its time, otherwise 0 and for each its time - that of the group
 *         of a tombstone: 2 × reason + 1
 */
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter } from './bytes.ts';

/** A stored entry without its values; the epoch by number, the offset given by the block's place. */
export interface PackedEntry {
  readonly stream: number;
  readonly seq: number;
  readonly lastSeq: number;
  readonly fromAt: number;
  readonly at: number;
  readonly contentHash: number;
  readonly samples: number;
  /** Null for a batch. */
  readonly reason: string | null;
}

export interface HeadEntry extends PackedEntry {
  /** Which of the layouts a batch has. */
  readonly layout: number;
  /** The time of each group; null where all have the batch's. */
  readonly times: readonly number[] | null;
}

/** One group of a layout. */
export interface GroupPlace {
  readonly panel: number;
  readonly isFlagged: boolean;
}

export interface BlockHead {
  readonly bodyBytes: number;
  readonly panels: readonly { readonly shape: number; readonly series: number }[];
  readonly layouts: readonly (readonly GroupPlace[])[];
  readonly entries: readonly HeadEntry[];
}

const FORMAT = 1;
const CRC_BYTES = 4;
/** What the numbers of an entry are told against. */
const BEFORE_FIRST = { lastSeq: 0, at: 0 };

/** @throws Error when a number is not what it should be. */
export function writeHead({ bodyBytes, panels, layouts, entries }: BlockHead): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  out.uint(FORMAT);
  out.uint(bodyBytes);
  out.uint(panels.length);
  for (const { shape, series } of panels) {
    out.uint(shape);
    out.uint(series);
  }
  out.uint(layouts.length);
  for (const groups of layouts) {
    out.uint(groups.length);
    for (const { panel, isFlagged } of groups) out.uint(2 * panel + (isFlagged ? 1 : 0));
  }
  const reasons = new Map<string, number>();
  for (const { reason } of entries) {
    if (reason !== null && !reasons.has(reason)) reasons.set(reason, reasons.size);
  }
  out.uint(reasons.size);
  for (const reason of reasons.keys()) out.text(reason);
  out.uint(entries.length);
  let before: { lastSeq: number; at: number } = BEFORE_FIRST;
  for (const entry of entries) {
    writeEntry(out, entry, before, reasons);
    before = entry;
  }
  return seal(out.done());
}

function writeEntry(
  out: ByteWriter,
  entry: HeadEntry,
  before: { lastSeq: number; at: number },
  reasons: ReadonlyMap<string, number>,
): void {
  const { stream, seq, lastSeq, fromAt, at, contentHash, samples, reason, layout, times } = entry;
  out.uint(stream);
  out.int(seq - 1 - before.lastSeq);
  out.uint(lastSeq - seq);
  out.int(at - before.at);
  out.int(at - fromAt);
  out.uint(contentHash);
  out.uint(samples);
  if (reason !== null) return out.uint(2 * (reasons.get(reason) ?? 0) + 1);
  out.uint(2 * layout);
  out.uint(times === null ? 1 : 0);
  for (const time of times ?? []) out.int(at - time);
}

/** @throws Error when the bytes are damaged. */
export function readHead(bytes: Uint8Array): BlockHead {
  const source = new ByteReader(unseal(bytes));
  const format = source.uint();
  if (format !== FORMAT) throw new Error(`format ${format} of a block is not known`);
  const bodyBytes = source.uint();
  const panels = times(source.count(), () => ({ shape: source.uint(), series: source.uint() }));
  const layouts = times(source.count(), () =>
    times(source.count(), (): GroupPlace => {
      const group = source.uint();
      const panel = Math.floor(group / 2);
      if (panel >= panels.length) throw new Error(`a layout names panel ${panel} of ${panels.length}`);
      return { panel, isFlagged: group % 2 === 1 };
    }),
  );
  const reasons = times(source.count(), () => source.text());
  let before: { lastSeq: number; at: number } = BEFORE_FIRST;
  const entries = times(source.count(), () => {
    const entry = readEntry(source, before, layouts, reasons);
    before = entry;
    return entry;
  });
  if (source.left > 0) throw new Error('the head of a block goes on behind its last entry');
  return { bodyBytes, panels, layouts, entries };
}

function readEntry(
  source: ByteReader,
  before: { lastSeq: number; at: number },
  layouts: BlockHead['layouts'],
  reasons: readonly string[],
): HeadEntry {
  const stream = source.uint();
  const seq = source.int() + 1 + before.lastSeq;
  const lastSeq = seq + source.uint();
  const at = source.int() + before.at;
  const fromAt = at - source.int();
  const packed = { stream, seq, lastSeq, fromAt, at, contentHash: source.uint(), samples: source.uint() };
  const kind = source.uint();
  const index = Math.floor(kind / 2);
  if (kind % 2 === 1) {
    const reason = reasons[index];
    if (reason === undefined) throw new Error(`an entry has reason ${index} of ${reasons.length}`);
    return { ...packed, reason, layout: -1, times: null };
  }
  const groups = layouts[index];
  if (groups === undefined) throw new Error(`an entry has layout ${index} of ${layouts.length}`);
  const own = source.uint() === 1 ? null : groups.map(() => at - source.int());
  return { ...packed, reason: null, layout: index, times: own };
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

function seal(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(CRC_BYTES + content.length);
  bytes.set(content, CRC_BYTES);
  new DataView(bytes.buffer).setUint32(0, crc32(content), true);
  return bytes;
}

function unseal(bytes: Uint8Array): Uint8Array {
  const content = bytes.subarray(CRC_BYTES);
  if (bytes.length < CRC_BYTES) throw new Error('the head of a block is cut short');
  const crc = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (crc !== crc32(content)) throw new Error('the head of a block has another checksum');
  return content;
}
