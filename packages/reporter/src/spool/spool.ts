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
 * - A disk that refuses leaves everything as it was (`SpoolError`). A file that turns out to be damaged, at whatever
 *   call, is set aside, and the spool goes on with a new one and a new epoch (`SpoolDamagedError`).
 *
 * Synchronous on purpose: a tick writes a few kilobytes, and a tiny program needs no thread for that.
 */
import type { Gap } from '@tributary/shared/frames';
import { type Database, SqliteError } from 'better-sqlite3';
import type { AppendOptions, GatewayClock, Moment, StoredBatch } from './batch.ts';
import { withHeldAges } from './held-time.ts';
import { insertLayer } from './insert-layer.ts';
import { lastingOf, loadMarks, type Marks, noteSent, saveMarks } from './marks.ts';
import { beginEpoch } from './new-epoch.ts';
import { isDamage, lockFolder, openDatabase, replaceDatabase, sizeOf } from './open-database.ts';
import { floorOf, restateBoot, restateEarlierBoots } from './restate.ts';
import { Retention, type RetentionLimits } from './retention.ts';
import { DAMAGED, type Standing, salvage } from './salvage.ts';
import { ShapeStore } from './shape-store.ts';
import { SpoolDamagedError, SpoolError } from './spool-error.ts';
import { prepare, type Statements } from './statements.ts';
import { datedGroups, type SpoolGroup } from './stored-groups.ts';

export interface SpoolOptions extends RetentionLimits {
  readonly folder: string;
  /** Names a damaged file that has to be set aside. */
  readonly now: number;
}

/** What is built on one open file. */
interface Parts {
  readonly sql: Statements;
  readonly marks: Marks;
  /** What the spool takes up now. */
  readonly bytes: () => number;
  readonly shapes: ShapeStore;
  readonly retention: Retention;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #lock: Database;
  #db: Database;
  #parts: Parts;
  #setAside: string | null;
  readonly #dropped = new Map<string, number>();

  /** @throws SpoolOpenError */
  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#lock = lockFolder(options.folder);
    try {
      const { db, loaded, setAside } = openDatabase(options.folder, options.now, (opened) =>
        this.#load(opened),
      );
      this.#db = db;
      this.#parts = loaded;
      this.#setAside = setAside;
      if (setAside !== null) this.#salvage(setAside, null);
    } catch (error) {
      this.#lock.close();
      throw error;
    }
  }

  /** Where the last damaged file was moved, or null. */
  get setAside(): string | null {
    return this.#setAside;
  }
  get epoch(): string {
    return this.#marks.epoch;
  }
  /** The seq that the next batch will get. */
  get next(): number {
    return this.#marks.next;
  }
  /** The lowest seq that is still here; `next` when there is none. */
  get oldest(): number {
    return this.#marks.oldest;
  }
  get acked(): number {
    return this.#marks.acked;
  }
  get delivered(): number {
    return this.#marks.delivered;
  }
  /** The highest seq that may have left this machine. */
  get sent(): number {
    return this.#marks.sent;
  }
  /** The time of the newest batch; 0 for none. */
  get lastAt(): number {
    return this.#marks.lastAt;
  }
  /** Batches that were dropped before they were acked, by reason, in this process. */
  get dropped(): ReadonlyMap<string, number> {
    return this.#dropped;
  }

  /** What a gateway said last of the time of day; null when none ever did. */
  get clock(): GatewayClock | null {
    const { clockBoot, clockOffset } = this.#marks;
    return clockBoot === '' ? null : { boot: clockBoot, offset: clockOffset };
  }

  /** Remembers it, for a later process of the same boot. Written as `ack` is. */
  noteClock({ boot, offset }: GatewayClock): void {
    Object.assign(this.#marks, { clockBoot: boot, clockOffset: offset });
  }

  /**
   * What was added to the boot's clock for the newest batch; null when that batch is of another boot.
   * @throws SpoolError
   */
  offsetOf(boot: string): number | null {
    return this.#guard(({ sql, marks }) => {
      const newest = sql.momentOf.get(marks.next - 1) as Moment | undefined;
      return newest?.boot === boot ? newest.at - newest.mono : null;
    });
  }

  /** Bytes that the spool takes up on disk, free pages not counted. */
  get bytes(): number {
    return this.#parts.bytes();
  }

  /**
   * Puts one tick on disk. The time never falls: while the clock is behind the newest batch, time goes on in steps of
   * `stepMs` from there. Two times are not heeded so: that of an unsent batch of another boot, whose clock may have been
   * anything, and one so far ahead of a clock that is sure that no gateway takes it.
   * @param layers what becomes one batch each, or several where that would be too large for a frame, all of one time. Groups of
   *   a layer have no series in common; what is older comes first.
   * @returns the seq of the last.
   * @throws SpoolError when the disk refuses; the spool is then as it was before.
   */
  append(
    moment: Moment,
    layers: readonly (readonly SpoolGroup[])[],
    { willSend, timeIsSure, stepMs }: AppendOptions,
  ): number {
    const { seq, drops } = this.#transact(({ sql, marks, shapes, retention }) => {
      const floor = floorOf(marks, moment, timeIsSure);
      // Not so when it is only sooner than usual, as where the interval has just changed.
      const at = moment.at > floor ? moment.at : floor + stepMs;
      const now = { ...moment, at };
      // Of no layer before any of them is written.
      const held = layers.map((groups) => withHeldAges(sql, marks, now, groups));
      const ids = held.flatMap((groups) => insertLayer(sql, marks, shapes, now, groups));
      const seq = marks.next - 1;
      shapes.used([...new Set(ids)], seq);
      marks.lastAt = at;
      marks.lastBoot = moment.boot;
      marks.lastMono = moment.mono;
      if (willSend) noteSent(marks);
      const drops = retention.makeRoom(timeIsSure);
      shapes.prune(marks.oldest);
      return { seq, drops };
    });
    for (const { reason, count } of drops) this.#count(reason, count);
    return seq;
  }

  /**
   * Batches from `from` on, in order, up to about `bytesMax` of text but at least one.
   * @throws SpoolError
   */
  read(from: number, bytesMax: number): StoredBatch[] {
    return this.#guard(({ sql }) => {
      const batches: StoredBatch[] = [];
      let bytes = 0;
      for (const row of sql.read.iterate(from) as Iterable<StoredBatch>) {
        batches.push({ ...row, groups: datedGroups(row.groups, row.at) });
        bytes += row.groups.length;
        if (bytes >= bytesMax) break;
      }
      return batches;
    });
  }

  /**
   * The first seq from `from` on whose time is not older than `at`; `next` when there is none.
   * @throws SpoolError
   */
  firstSince(from: number, at: number): number {
    return this.#guard(
      ({ sql, marks }) => (sql.firstSince.get(from, at) as StoredBatch | undefined)?.seq ?? marks.next,
    );
  }

  /**
   * The body of a shape that a stored batch names.
   * @returns undefined when there is none, which means that the batch is damaged.
   * @throws SpoolError
   */
  shapeBody(id: number): string | undefined {
    return this.#guard(({ sql }) => (sql.shapeBody.get(id) as { body: string } | undefined)?.body);
  }

  /**
   * Everything that is here now is about to be sent. Must be on disk before the first byte leaves.
   * @throws SpoolError
   */
  markAllSent(): void {
    if (this.sent >= this.next - 1) return;
    this.#transact(({ marks }) => noteSent(marks));
  }

  /** Takes note of an ack; it reaches the disk with the next batch, since a lower mark after a crash does no harm. */
  ack(seq: number, delivered: number): void {
    const marks = this.#marks;
    marks.acked = Math.max(marks.acked, Math.min(seq, marks.next - 1));
    marks.delivered = Math.max(marks.delivered, Math.min(delivered, marks.acked));
  }

  /**
   * A gateway says how far it has this epoch. That may be less than was acked: it lost its disk, or is an older copy of
   * itself, and what it lacks is not acked any more. Written as `ack` is.
   */
  resume(settled: number): void {
    this.#marks.acked = Math.min(settled, this.next - 1);
  }

  /**
   * What was dropped before it was acked, for hello.
   * @throws SpoolError
   */
  gaps(): Gap[] {
    return this.#guard(({ sql }) => sql.gaps.all() as Gap[]);
  }

  /**
   * The clock of this boot was off: derives the time of what cannot have been sent anew. See `restate.ts`.
   * @param offset what to add to a batch's monotonic clock.
   * @param timeIsSure as for `append`.
   * @returns how many changed.
   * @throws SpoolError
   */
  restate(boot: string, offset: number, timeIsSure = false): number {
    return this.#transact(({ sql, marks }) => {
      const { lastBoot, lastMono } = marks;
      return lastBoot === boot
        ? restateBoot(sql, marks, boot, offset, timeIsSure ? offset + lastMono : null)
        : 0;
    });
  }

  /** Likewise for what earlier boots left, where it cannot be right as it stands. @param now on a clock that is sure. */
  restateEarlier(now: Moment): number {
    return this.#transact(({ sql, marks }) => restateEarlierBoots(sql, marks, now));
  }

  /**
   * Begins a new epoch with the batches above `after`, numbered from 1. All others are left behind: they belong to an
   * epoch that nobody will ask for any more. What was sent keeps its time.
   * @throws SpoolError
   */
  beginEpoch(after: number): void {
    this.#transact(({ sql, marks, shapes }) => beginEpoch(sql, marks, shapes, after));
  }

  /**
   * Says whose batches come from now on. Under another name than before, be it a host that was renamed or a copy on
   * another one, the acked ones are left behind with their epoch: they are the other name's.
   * @returns the name before; null when it is the same, or the first.
   * @throws SpoolError
   */
  nameHost(host: string): string | null {
    const before = this.#marks.host;
    if (before === host) return null;
    if (before !== '') this.beginEpoch(this.acked);
    this.#transact(({ marks }) => {
      marks.host = host;
    });
    return before === '' ? null : before;
  }

  /** @throws SpoolError when the last marks cannot be written; it is closed all the same. */
  close(): void {
    if (!this.#lock.open) return;
    try {
      this.#transact(() => {});
    } finally {
      this.#db.close();
      this.#lock.close();
    }
  }

  get #marks(): Marks {
    return this.#parts.marks;
  }

  #load(db: Database): Parts {
    const sql = prepare(db);
    const marks = loadMarks(sql);
    saveMarks(sql, marks);
    const bytes = sizeOf(db);
    return {
      sql,
      marks,
      bytes,
      shapes: new ShapeStore(sql),
      retention: new Retention(sql, marks, this.#options, bytes),
    };
  }

  /** Runs one transaction, which saves the marks. When it fails, nothing of it has happened. */
  #transact<T>(act: (parts: Parts) => T): T {
    return this.#guard((parts) => {
      const { sql, marks, shapes } = parts;
      const before = { ...marks };
      const { inUse } = shapes;
      try {
        return this.#db.transaction(() => {
          const result = act(parts);
          saveMarks(sql, marks);
          return result;
        })();
      } catch (error) {
        Object.assign(marks, before);
        shapes.undo(inUse);
        throw error;
      }
    });
  }

  /** Turns SQLite's errors into the spool's own, and sets a damaged file aside. */
  #guard<T>(act: (parts: Parts) => T): T {
    if (!this.#db.open && this.#lock.open) this.#startOver(openDatabase);
    try {
      return act(this.#parts);
    } catch (error) {
      const { code, message } = error as { code?: unknown; message: string };
      if (typeof code !== 'string' || !code.startsWith('SQLITE_')) throw error;
      if (!isDamage(error)) throw new SpoolError(`${message} (${code})`, { cause: error });
      this.#db.close();
      this.#startOver(replaceDatabase);
      const text = `the spool was damaged (${message}); it was moved to ${this.#setAside} and a new one begun`;
      throw new SpoolDamagedError(text, { cause: error });
    }
  }

  /** A new file in the place of a damaged one. Time goes on from where it was, and what is lost is counted. */
  #startOver(open: typeof openDatabase): void {
    const standing = { ...this.#marks };
    const { folder, now } = this.#options;
    try {
      const { db, loaded, setAside } = open(folder, Math.max(now, standing.lastAt), (opened) =>
        this.#load(opened),
      );
      this.#db = db;
      this.#parts = loaded;
      this.#setAside = setAside;
    } catch (error) {
      // The old one stays closed: the next call tries again.
      const message = `the spool is damaged and cannot be replaced: ${(error as Error).message}`;
      throw new SpoolError(message, { cause: error });
    }
    Object.assign(this.#marks, lastingOf(standing));
    this.#salvage(this.#setAside, standing);
  }

  /** @param standing how the file stood; null for one that was damaged when it was opened. */
  #salvage(path: string | null, standing: Standing | null): void {
    const { sql, marks } = this.#parts;
    const before = { ...marks };
    try {
      this.#db.transaction(() => {
        this.#count(DAMAGED, salvage(path, standing, sql, marks));
        saveMarks(sql, marks);
      })();
    } catch (error) {
      if (!(error instanceof SqliteError)) throw error;
      // No room for what was found, or the new file is no better: then it begins empty.
      Object.assign(marks, before);
      if (standing !== null) this.#count(DAMAGED, standing.next - 1 - standing.acked);
    }
  }

  #count(reason: string, batches: number): void {
    if (batches > 0) this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + batches);
  }
}
