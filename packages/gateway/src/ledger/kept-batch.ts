/**
 * A batch in memory, where many of one host stand one after another: the newest as its payload, those before it as what they have
 * otherwise than the one that came next.
 */
import type { Column } from '@tributary/shared/column';
import { viewGroups } from './codec.ts';
import { differenceOf, patch } from './difference.ts';
import type { BatchEntry, LedgerGroup, StoredEntry } from './ledger.ts';
import type { PackedBatch } from './packed-batch.ts';
import type { ShapeList } from './shape-list.ts';

/** So many lean on one payload at most: to have the first of them, all of their differences are gone through. */
const LEANING_MAX = 15;
/** A difference that is larger than this share of a payload saves too little. */
const DIFFERENCE_SHARE_MAX = 0.5;

export type EntryPlace = Pick<StoredEntry, 'epoch' | 'offset' | 'samples' | 'samplesThrough'>;

export class KeptBatch implements BatchEntry {
  readonly kind = 'batch';
  readonly seq: number;
  readonly at: number;
  readonly contentHash: number;
  readonly epoch: string;
  readonly offset: number;
  readonly samples: number;
  readonly samplesThrough: number;
  readonly #list: ShapeList;
  /** Null for one that leans on `#next`: it has the difference from that one's payload. */
  #payload: Uint8Array<ArrayBuffer> | null;
  #difference: Uint32Array<ArrayBuffer> | null = null;
  #next: KeptBatch | null = null;
  /** How many lean on this one, one on another. */
  #leaning = 0;

  /** The payload is shared, not copied. */
  constructor({ seq, at, contentHash, payload, list }: PackedBatch, place: EntryPlace) {
    this.seq = seq;
    this.at = at;
    this.contentHash = contentHash;
    this.epoch = place.epoch;
    this.offset = place.offset;
    this.samples = place.samples;
    this.samplesThrough = place.samplesThrough;
    this.#list = list;
    this.#payload = payload;
  }

  /** Bytes of its values. */
  get bytes(): number {
    return (this.#payload ?? this.#difference)?.byteLength ?? 0;
  }

  /** Made anew each time. */
  get groups(): { shape: LedgerGroup['shape']; at: number; column: Column }[] {
    const { shapes } = this.#list;
    return viewGroups(this.#whole()).map(({ at, column }, i) => {
      const shape = shapes[i];
      if (shape === undefined) throw new Error('a payload has more groups than its batch has shapes');
      return { shape, at, column };
    });
  }

  /**
   * Gives its payload up for what it has otherwise than that of the host's next batch, where that is worth it. It shows the same
   * as before.
   * @param next has come after this one, and leans on none
   */
  leanOn(next: KeptBatch): void {
    if (this.#payload === null || next.#payload === null || this.#leaning >= LEANING_MAX) return;
    const bytesMax = this.#payload.length * DIFFERENCE_SHARE_MAX;
    const difference = differenceOf(this.#payload, next.#payload, bytesMax);
    if (difference === null) return;
    this.#payload = null;
    this.#difference = difference;
    this.#next = next;
    next.#leaning = this.#leaning + 1;
  }

  #whole(): Uint8Array<ArrayBuffer> {
    const leaning: KeptBatch[] = [];
    let last: KeptBatch = this;
    for (; last.#next !== null; last = last.#next) leaning.push(last);
    const payload = last.#payload;
    if (payload === null) throw new Error('a batch has neither its payload nor one that it leans on');
    if (leaning.length === 0) return payload;
    const own = payload.slice();
    for (const batch of leaning.reverse()) if (batch.#difference !== null) patch(own, batch.#difference);
    return own;
  }
}
