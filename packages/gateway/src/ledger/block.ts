/**
 * Packed blocks: a run of one host's consecutive entries in two pieces (docs/LEDGER.md, "Blocks"). The head says what the entries
 * are (`block-head.ts`), and is small; the body holds the values, a panel for each shape (`panel.ts`) one after another
 * in one zstd frame with a checksum. What comes back is what went in, but for what stands at absent places, and for which
 * NaN it was.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Column } from '@tributary/shared/column';
import { type GroupPlace, type HeadEntry, type PackedEntry, readHead, writeHead } from './block-head.ts';
import type { ReadColumn } from './codec.ts';
import { type PanelSize, panelBytesMax, readPanel, writePanel } from './panel.ts';

export interface PackedGroup<C extends Column = Column> {
  /** By number. */
  readonly shape: number;
  readonly at: number;
  readonly column: C;
}

/** A stored entry with its values. */
export interface FullEntry<C extends Column = Column> extends PackedEntry {
  /** None for a tombstone. */
  readonly groups: readonly PackedGroup<C>[];
}

export interface Block {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

const COMPRESSION = {
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
};

/** All columns of one shape and one length. */
interface Panel {
  readonly index: number;
  readonly shape: number;
  readonly series: number;
  readonly columns: Column[];
}

/**
 * @param entries in the order of the log. All numbers but the values are whole.
 * @throws Error when they are not.
 */
export function packBlock(entries: readonly FullEntry[]): Block {
  const panels = new Map<string, Panel>();
  const layouts = new Map<string, { readonly index: number; readonly groups: readonly GroupPlace[] }>();
  const heads = entries.map(({ groups, ...packed }): HeadEntry => {
    if (packed.reason !== null) return { ...packed, layout: -1, times: null };
    const places = groups.map((group) => addColumn(panels, group));
    const key = places.map(({ panel, isFlagged }) => `${panel} ${isFlagged}`).join();
    const layout = layouts.get(key) ?? { index: layouts.size, groups: places };
    layouts.set(key, layout);
    const isOwn = groups.some(({ at }) => at !== packed.at);
    return { ...packed, layout: layout.index, times: isOwn ? groups.map(({ at }) => at) : null };
  });
  const list = [...panels.values()];
  const bytes = new Uint8Array(list.reduce((sum, panel) => sum + panelBytesMax(sizeOf(panel)), 0));
  let bodyBytes = 0;
  for (const { columns } of list) bodyBytes = writePanel(columns, bytes, bodyBytes);
  const head = writeHead({
    bodyBytes,
    panels: list,
    layouts: [...layouts.values()].map(({ groups }) => groups),
    entries: heads,
  });
  return { head, body: zstdCompressSync(bytes.subarray(0, bodyBytes), COMPRESSION) };
}

/** @returns entries whose columns are views of common buffers. @throws Error when the bytes are damaged. */
export function unpackBlock({ head, body }: Block): FullEntry<ReadColumn>[] {
  const { bodyBytes, panels, layouts, entries } = readHead(head);
  const flags = panels.map((): boolean[] => []);
  for (const { reason, layout } of entries) {
    if (reason !== null) continue;
    for (const { panel, isFlagged } of layouts[layout] ?? []) flags[panel]?.push(isFlagged);
  }
  const sizes = panels.map(({ series }, i): PanelSize => ({ series, flags: flags[i] ?? [] }));
  const columns = readBody(body, bodyBytes, sizes);
  return entries.map(({ layout, times, ...packed }) => {
    if (packed.reason !== null) return { ...packed, groups: [] };
    const groups = (layouts[layout] ?? []).map(({ panel }, i) => {
      const column = columns[panel]?.next().value;
      if (column === undefined) throw new Error('a group of a block has no column');
      return { shape: panels[panel]?.shape ?? 0, at: times?.[i] ?? packed.at, column };
    });
    return { ...packed, groups };
  });
}

/** What the entries are, without their values. @throws Error when the bytes are damaged. */
export function unpackHead(head: Uint8Array): readonly PackedEntry[] {
  return readHead(head).entries;
}

function addColumn(panels: Map<string, Panel>, { shape, column }: PackedGroup): GroupPlace {
  const series = column.values.length;
  const key = `${shape} ${series}`;
  const panel = panels.get(key) ?? { index: panels.size, shape, series, columns: [] };
  panels.set(key, panel);
  panel.columns.push(column);
  return { panel: panel.index, isFlagged: column.absent !== null };
}

function sizeOf({ series, columns }: Panel): PanelSize {
  return { series, flags: columns.map(({ absent }) => absent !== null) };
}

/** @returns of each panel its columns, one after another. */
function readBody(body: Uint8Array, bodyBytes: number, sizes: readonly PanelSize[]): Iterator<ReadColumn>[] {
  const most = sizes.reduce((sum, size) => sum + panelBytesMax(size), 0);
  if (bodyBytes > most)
    throw new Error(`the body of a block has ${bodyBytes} bytes where ${most} are the most`);
  const bytes = zstdDecompressSync(body, { maxOutputLength: Math.max(1, bodyBytes) });
  if (bytes.length !== bodyBytes)
    throw new Error(`the body of a block has ${bytes.length} bytes of ${bodyBytes}`);
  let offset = 0;
  const columns = sizes.map((size) => {
    const panel = readPanel(size, bytes, offset);
    offset = panel.end;
    return panel.columns.values();
  });
  if (offset !== bodyBytes) throw new Error('the body of a block goes on behind its last panel');
  return columns;
}
