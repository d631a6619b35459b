/**
 * A batch as its payload: one block of bytes and a list of shapes that many batches share. Its groups are made of these whenever
 * somebody looks. As objects they would be a hundred and more for each batch, for as long as it waits for the disk and is kept in
 * memory, and most of what the garbage collector had to do.
 */
import { presentCount } from '@tributary/shared/column';
import { encodeGroups, viewGroups } from './codec.ts';
import type { BatchEntry, LedgerGroup, ShapeKey, TombstoneEntry } from './ledger.ts';
import { type ShapeList, shapeListOf } from './shape-list.ts';

type GroupOf<S extends ShapeKey> = LedgerGroup & { readonly shape: S };

export class PackedBatch<S extends ShapeKey = ShapeKey> implements BatchEntry {
  readonly kind = 'batch';
  readonly seq: number;
  readonly at: number;
  readonly contentHash: number;
  /** Values that are not absent. */
  readonly samples: number;
  /** As `encodeGroups` makes it; not to be changed. */
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly list: ShapeList<S>;

  /** Copies the values. */
  constructor({ seq, at, contentHash, groups }: BatchEntry & { readonly groups: readonly GroupOf<S>[] }) {
    this.seq = seq;
    this.at = at;
    this.contentHash = contentHash;
    this.samples = groups.reduce((sum, { column }) => sum + presentCount(column), 0);
    this.payload = encodeGroups(groups);
    this.list = shapeListOf(groups);
  }

  /** Made anew each time; the columns are views of the payload. */
  get groups(): GroupOf<S>[] {
    const { shapes } = this.list;
    return viewGroups(this.payload).map(({ at, column }, i) => {
      const shape = shapes[i];
      if (shape === undefined) throw new Error('a payload has more groups than its batch has shapes');
      return { shape, at, column };
    });
  }
}

/** Any entry, a batch as its payload. */
export type PackedEntry<S extends ShapeKey = ShapeKey> = TombstoneEntry | PackedBatch<S>;

export function packed<S extends ShapeKey>(
  entry: TombstoneEntry | (BatchEntry & { readonly groups: readonly GroupOf<S>[] }),
): PackedEntry<S> {
  if (entry.kind === 'tombstone') return entry;
  return entry instanceof PackedBatch ? (entry as PackedBatch<S>) : new PackedBatch(entry);
}
