/**
 * What goes, and when. Delivered batches go after `keepAckedMs`. Over the limits of age and size the oldest go first,
 * whoever has not seen them; those that the gateway never confirmed are told as a gap.
 */
import type { Gap } from '@tributary/shared/frames';
import { GAPS_PER_HELLO_MAX } from '@tributary/shared/limits';
import type { Marks } from './marks.ts';
import type { Statements } from './statements.ts';

export interface RetentionLimits {
  /** All three are read anew each time. Batches older than this, measured against the newest, are dropped. */
  readonly retentionMs: number;
  /** Above this the oldest batches are dropped. */
  readonly bytesMax: number;
  readonly keepAckedMs: number;
}

export interface Drop {
  readonly reason: 'spool_age' | 'spool_full';
  /** Batches that the gateway never confirmed. */
  readonly count: number;
}

interface Seq {
  readonly seq: number;
}

export class Retention {
  readonly #sql: Statements;
  readonly #marks: Marks;
  readonly #limits: RetentionLimits;
  readonly #bytes: () => number;

  /** @param bytes what the spool takes up now. */
  constructor(sql: Statements, marks: Marks, limits: RetentionLimits, bytes: () => number) {
    this.#sql = sql;
    this.#marks = marks;
    this.#limits = limits;
    this.#bytes = bytes;
  }

  /**
   * To be called in the transaction of each append.
   * @param timeIsSure false while nobody has confirmed this boot's clock: batches of earlier boots do not age then.
   */
  makeRoom(timeIsSure: boolean): Drop[] {
    const { acked, delivered } = this.#marks;
    const { retentionMs, bytesMax, keepAckedMs } = this.#limits;
    // First of all, so that a new gap does not grow onto one that is settled.
    this.#sql.removeGaps.run(acked);
    // What is acked and delivered, and old enough, is no loss.
    const done = Math.min(acked, delivered);
    if (this.#marks.oldest <= done) {
      this.#remove(this.#agedThrough(keepAckedMs, done, timeIsSure));
    }
    const drops: Drop[] = [];
    this.#drop(this.#agedThrough(retentionMs, this.#marks.next - 1, timeIsSure), 'spool_age', drops);
    while (this.#bytes() > bytesMax) {
      // A twentieth at a time, so that the disk is not rewritten for every tick of a long outage.
      const count = Math.max(1, Math.floor((this.#marks.next - this.#marks.oldest) / 20));
      const through = (this.#sql.nthSeq.get(count - 1) as Seq | undefined)?.seq;
      if (through === undefined || !this.#drop(through, 'spool_full', drops)) break;
    }
    return drops;
  }

  /** The last seq, at most `upTo`, before the first that is not older than `ageMs`, measured against the newest. */
  #agedThrough(ageMs: number, upTo: number, timeIsSure: boolean): number {
    const { lastAt, lastBoot, lastMono } = this.#marks;
    const bounds = { boot: lastBoot, mono: lastMono - ageMs, at: lastAt - ageMs, upTo };
    return (this.#sql.agedThrough.get({ ...bounds, timeIsSure: timeIsSure ? 1 : 0 }) as Seq).seq;
  }

  /** @returns false when nothing can go: the newest batch stays, however small the limits are. */
  #drop(through: number, reason: Drop['reason'], drops: Drop[]): boolean {
    if (through < this.#marks.oldest || through >= this.#marks.next - 1) return false;
    const lost = this.#sql.lostTimes.get(this.#marks.acked, through) as {
      count: number;
      from: number | null;
      fromAt: number;
      toAt: number;
    };
    if (lost.from !== null) {
      drops.push({ reason, count: lost.count });
      this.#noteGap({ from: lost.from, to: through, fromAt: lost.fromAt, toAt: lost.toAt, reason });
    }
    this.#remove(through);
    return true;
  }

  #remove(through: number): void {
    if (through < this.#marks.oldest) return;
    this.#sql.removeThrough.run(through);
    const { oldest } = this.#sql.bounds.get() as { oldest: number | null };
    this.#marks.oldest = oldest ?? this.#marks.next;
  }

  #noteGap(gap: Gap): void {
    const gaps = this.#sql.gaps.all() as Gap[];
    const last = gaps.at(-1);
    const grows = last !== undefined && last.to + 1 === gap.from && last.reason === gap.reason;
    // A list that is full grows at its end whatever the reason, rather than refuse to tell.
    if (last === undefined || !(grows || gaps.length >= GAPS_PER_HELLO_MAX)) {
      this.#sql.setGap.run(gap);
      return;
    }
    // Times may fall from one boot to the next; a gap's never do, or no gateway would take the hello.
    const fromAt = Math.min(last.fromAt, gap.fromAt);
    this.#sql.setGap.run({ ...last, to: gap.to, fromAt, toAt: Math.max(last.toAt, gap.toAt) });
  }
}
