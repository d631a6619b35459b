/**
 * The spool: the reporter's log of batches on disk, and the only truth about what was taken, sent and acked.
 *
 * - Every tick is one transaction, fsynced before anything of it is sent: the batch, the marks (`sent`, `acked`,
 *   `delivered`) and whatever has to make room.
 * - `seq` starts at 1 and has no holes within an epoch. What is dropped is told as a gap.
 * - `sent` is the highest seq that may have left this machine. Only what is above it may still be restated when the
 *   clock turns out to be wrong, or be moved to a new epoch.
 * - Acked batches stay for `keepAckedMs`, and while they are not known to be delivered for as long as the limits of age
 *   and size allow, so that a gateway that lost its disk can be refilled.
 *
 * Synchronous on purpose: a tick writes a few kilobytes, and a tiny program needs no thread for that.
 */
import { randomUUID } from 'node:crypto';
import { encodeGroup, encodeShapeBody } from '@tributary/shared/encode';
import type { Gap } from '@tributary/shared/frames';
import { GAPS_PER_HELLO_MAX } from '@tributary/shared/limits';
import type { Shape } from '@tributary/shared/shape';
import type { Database } from 'better-sqlite3';
import { openDatabase } from './open-database.ts';
import { prepare, type Statements } from './statements.ts';

export interface SpoolOptions {
  readonly folder: string;
  /** Batches older than this, measured against the newest, are dropped. */
  readonly retentionMs: number;
  /** Above this the oldest batches are dropped. */
  readonly bytesMax: number;
  readonly keepAckedMs: number;
  /** Names a damaged file that has to be set aside. */
  readonly now: number;
}

/** When a batch was taken: the time of day as far as it is known, and a clock of this boot that nobody sets. */
export interface Moment {
  readonly at: number;
  readonly boot: string;
  readonly mono: number;
}

export interface SpoolGroup {
  readonly shape: Shape;
  /** `null` is absent now. */
  readonly values: readonly (number | null)[];
}

export interface AppendOptions {
  /** True while a connection is open, on which the batch will go out at once. */
  readonly willSend: boolean;
  /** False while nobody has confirmed this boot's clock: batches of earlier boots are not dropped for their age. */
  readonly timeIsSure: boolean;
  /** The least time between two batches, a positive integer; well below the interval. */
  readonly stepMs: number;
}

/** A batch as it is sent. */
export interface StoredBatch {
  readonly seq: number;
  readonly at: number;
  /** The JSON array of groups. */
  readonly groups: string;
}

export class Spool {
  readonly #db: Database;
  readonly #lock: Database;
  readonly #sql: Statements;
  readonly #options: SpoolOptions;
  #shapeIds = new WeakMap<Shape, number>();
  /** Where a damaged file was moved when this spool was opened, or null. */
  readonly setAside: string | null;
  readonly dropped = new Map<string, number>();
  #epoch: string;
  #next: number;
  #oldest: number;
  #sent: number;
  #acked: number;
  #delivered: number;
  #lastAt: number;
  #lastBoot: string;

  /** @throws SpoolOpenError */
  constructor(options: SpoolOptions) {
    this.#options = options;
    const { db, lock, setAside } = openDatabase(options.folder, options.now);
    this.#db = db;
    this.#lock = lock;
    this.setAside = setAside;
    this.#sql = prepare(db);
    const meta = new Map(
      (this.#sql.allMeta.all() as { name: string; value: string }[]).map((m) => [m.name, m.value]),
    );
    this.#epoch = meta.get('epoch') ?? randomUUID();
    this.#sent = Number(meta.get('sent') ?? 0);
    this.#acked = Number(meta.get('acked') ?? 0);
    this.#delivered = Number(meta.get('delivered') ?? 0);
    const { oldest, newest } = this.#sql.bounds.get() as { oldest: number | null; newest: number | null };
    this.#next = Math.max(Number(meta.get('next') ?? 1), (newest ?? 0) + 1);
    this.#oldest = oldest ?? this.#next;
    this.#lastAt = Number(meta.get('last_at') ?? 0);
    this.#lastBoot = (this.#sql.bootOf.get(this.#next - 1) as { boot: string } | undefined)?.boot ?? '';
    this.#saveMarks();
  }

  get epoch(): string {
    return this.#epoch;
  }
  /** The seq that the next batch will get. */
  get next(): number {
    return this.#next;
  }
  /** The lowest seq that is still here; `next` when there is none. */
  get oldest(): number {
    return this.#oldest;
  }
  get acked(): number {
    return this.#acked;
  }
  get delivered(): number {
    return this.#delivered;
  }
  /** The highest seq that may have left this machine. */
  get sent(): number {
    return this.#sent;
  }
  /** The time of the newest batch; 0 for none. */
  get lastAt(): number {
    return this.#lastAt;
  }

  /** Bytes that the spool takes up on disk, free pages not counted. */
  get bytes(): number {
    const pragma = (name: string) => this.#db.pragma(name, { simple: true }) as number;
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  }

  /**
   * Puts one tick on disk. The time never falls: while the clock is behind the newest batch, time goes on in steps of
   * `stepMs` from there, unless that batch is an unsent one of another boot, whose clock may have been anything.
   * @returns its seq.
   * @throws SqliteError when the disk refuses; the spool is then as it was before.
   */
  append(
    moment: Moment,
    groups: readonly SpoolGroup[],
    { willSend, timeIsSure, stepMs }: AppendOptions,
  ): number {
    const before = this.#marks();
    try {
      return this.#db.transaction(() => {
        const seq = this.#next;
        const isBound = this.#lastBoot === moment.boot || seq - 1 <= this.#sent;
        const at = isBound ? Math.max(moment.at, this.#lastAt + stepMs) : moment.at;
        const text = groups.map(({ shape, values }) => encodeGroup(this.#shapeId(shape), values)).join(',');
        this.#sql.insert.run(seq, at, moment.boot, moment.mono, `[${text}]`);
        this.#next = seq + 1;
        this.#lastAt = at;
        this.#lastBoot = moment.boot;
        if (willSend) this.#sent = seq;
        this.#makeRoom(timeIsSure);
        this.#saveMarks();
        return seq;
      })();
    } catch (error) {
      this.#restoreMarks(before);
      // Ids that were given in the transaction are gone with it.
      this.#shapeIds = new WeakMap();
      throw error;
    }
  }

  /** Batches from `from` on, in order, up to about `bytesMax` of text but at least one. */
  read(from: number, bytesMax: number): StoredBatch[] {
    const batches: StoredBatch[] = [];
    let bytes = 0;
    for (const row of this.#sql.read.iterate(from) as Iterable<StoredBatch>) {
      batches.push(row);
      bytes += row.groups.length;
      if (bytes >= bytesMax) break;
    }
    return batches;
  }

  /** The body of a shape that a stored batch names. @returns undefined when the spool is damaged. */
  shapeBody(id: number): string | undefined {
    return (this.#sql.shapeBody.get(id) as { body: string } | undefined)?.body;
  }

  /** Everything that is here now is about to be sent. Must be on disk before the first byte leaves. */
  markAllSent(): void {
    if (this.#sent >= this.#next - 1) return;
    this.#sent = this.#next - 1;
    this.#saveMarks();
  }

  /** Takes note of an ack; it reaches the disk with the next batch, since a lower mark after a crash does no harm. */
  ack(seq: number, delivered: number): void {
    this.#acked = Math.max(this.#acked, Math.min(seq, this.#next - 1));
    this.#delivered = Math.max(this.#delivered, Math.min(delivered, this.#acked));
  }

  /** What was dropped before it was acked, for hello. */
  gaps(): Gap[] {
    return this.#sql.gaps.all() as Gap[];
  }

  /**
   * The clock of this boot was off: derives the time of every batch of it that cannot have been sent anew.
   * @param offset what to add to a batch's monotonic clock.
   * @returns how many changed.
   */
  restate(boot: string, offset: number): number {
    return this.#db.transaction(() => {
      const floor = (this.#sql.atOf.get(this.#sent) as { at: number } | undefined)?.at ?? 0;
      const changed = this.#sql.restate.run({ boot, offset, sent: this.#sent, floor }).changes;
      const newest = this.#sql.atOf.get(this.#next - 1) as { at: number } | undefined;
      if (changed > 0 && newest !== undefined) this.#lastAt = newest.at;
      this.#saveMarks();
      return changed;
    })();
  }

  /**
   * Begins a new epoch with the batches above `after`, numbered from 1. All others are left behind: they belong to an
   * epoch that nobody will ask for any more.
   */
  beginEpoch(after: number): void {
    this.#db.transaction(() => {
      this.#sql.removeThrough.run(after);
      this.#sql.removeAllGaps.run();
      // In two steps, since a seq must not meet one that has not moved yet.
      this.#sql.negate.run();
      this.#sql.renumber.run(after);
      this.#epoch = randomUUID();
      this.#next = Math.max(1, this.#next - after);
      this.#sent = 0;
      this.#acked = 0;
      this.#delivered = 0;
      this.#oldest = 1;
      this.#saveMarks();
    })();
  }

  close(): void {
    this.#saveMarks();
    this.#db.close();
    this.#lock.close();
  }

  #shapeId(shape: Shape): number {
    let id = this.#shapeIds.get(shape);
    if (id === undefined) {
      const body = encodeShapeBody(shape);
      const row = (this.#sql.shapeId.get(body) ?? this.#sql.addShape.get(body)) as { id: number };
      id = row.id;
      this.#shapeIds.set(shape, id);
    }
    return id;
  }

  #makeRoom(timeIsSure: boolean): void {
    const keepFrom = this.#lastAt - this.#options.keepAckedMs;
    // What is acked and delivered, and old enough, is no loss.
    const done = Math.min(this.#acked, this.#delivered);
    if (this.#oldest <= done) this.#sql.removeDone.run(done, keepFrom);
    const oldestBoot = (this.#sql.bootOf.get(this.#oldest) as { boot: string } | undefined)?.boot;
    if (timeIsSure || oldestBoot === this.#lastBoot) {
      this.#drop(this.#sql.agedThrough.get(this.#lastAt - this.#options.retentionMs) as Aged, 'spool_age');
    }
    while (this.bytes > this.#options.bytesMax) {
      // A twentieth at a time, so that the disk is not rewritten for every tick of a long outage.
      const count = Math.max(1, Math.floor((this.#next - this.#oldest) / 20));
      const through = this.#sql.nthSeq.get(count - 1) as Aged | undefined;
      // The newest batch stays, however small the limit is.
      if (through?.seq == null || through.seq >= this.#next - 1) break;
      this.#drop(through, 'spool_full');
    }
    const { oldest } = this.#sql.bounds.get() as { oldest: number | null };
    this.#oldest = oldest ?? this.#next;
    this.#sql.removeGaps.run(this.#acked);
  }

  #drop(through: Aged | undefined, reason: string): void {
    if (through?.seq == null || through.seq >= this.#next - 1) return;
    const lost = this.#sql.lostTimes.get(this.#acked, through.seq) as {
      count: number;
      from: number | null;
      fromAt: number;
      toAt: number;
    };
    if (lost.from !== null) {
      this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + lost.count);
      this.#noteGap({ from: lost.from, to: through.seq, fromAt: lost.fromAt, toAt: lost.toAt, reason });
    }
    this.#sql.removeThrough.run(through.seq);
    const { oldest } = this.#sql.bounds.get() as { oldest: number | null };
    this.#oldest = oldest ?? this.#next;
  }

  #noteGap(gap: Gap): void {
    const gaps = this.gaps();
    const last = gaps.at(-1);
    const grows = last !== undefined && last.to + 1 === gap.from && last.reason === gap.reason;
    // A list that is full grows at its end whatever the reason, rather than refuse to tell.
    if (last !== undefined && (grows || gaps.length >= GAPS_PER_HELLO_MAX)) {
      this.#sql.setGap.run(last.from, gap.to, last.fromAt, gap.toAt, last.reason);
    } else this.#sql.setGap.run(gap.from, gap.to, gap.fromAt, gap.toAt, gap.reason);
  }

  #marks(): Marks {
    return {
      next: this.#next,
      oldest: this.#oldest,
      sent: this.#sent,
      lastAt: this.#lastAt,
      lastBoot: this.#lastBoot,
    };
  }

  #restoreMarks(marks: Marks): void {
    this.#next = marks.next;
    this.#oldest = marks.oldest;
    this.#sent = marks.sent;
    this.#lastAt = marks.lastAt;
    this.#lastBoot = marks.lastBoot;
  }

  #saveMarks(): void {
    this.#sql.setMarks.run({
      epoch: this.#epoch,
      next: String(this.#next),
      sent: String(this.#sent),
      acked: String(this.#acked),
      delivered: String(this.#delivered),
      lastAt: String(this.#lastAt),
    });
  }
}

/** What a failed transaction must give back. */
interface Marks {
  readonly next: number;
  readonly oldest: number;
  readonly sent: number;
  readonly lastAt: number;
  readonly lastBoot: string;
}

type Aged = { readonly seq: number | null };
