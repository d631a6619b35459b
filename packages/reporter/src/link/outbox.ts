/**
 * What one connection has sent, has in flight and has passed: the spool's batches go out in order behind a cursor, within
 * the ack window and as fast as the socket takes them. What cannot be sent is passed by `skip`.
 */
import { encodeBatchFrame, encodeFrame, encodeShapeFrame } from '@tributary/shared/encode';
import type { WireLimits } from '@tributary/shared/limits';
import type { StoredBatch } from '../spool/batch.ts';
import type { Spool } from '../spool/spool.ts';
import type { LinkObserver } from './observer.ts';
import { Poison } from './poison.ts';
import { shapesOf } from './stored-batch.ts';
import { Window } from './window.ts';

export interface OutboxEffects {
  send(text: string): void;
  /** Bytes that were given to `send` and have not left yet. */
  readonly unsentBytes: number;
}

/** What a welcome says of what is to come. */
export interface Terms {
  readonly limits: WireLimits;
  /** Batches older than this are passed. */
  readonly horizon: number;
}

/** Seqs that are being passed and have not been told yet. */
interface Passing {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  /** The time that is not covered; null where nobody knows. */
  readonly times: Times | null;
}

interface Times {
  readonly fromAt: number;
  readonly toAt: number;
}

/** Read from the spool at a time. */
const READ_BYTES = 8 * 1024;
/**
 * What may wait to be compressed and written. The window is far larger, and would stand in memory as a whole where the
 * link is slower than the disk. A batch or two keep the compressor busy; with more, each waits for so long that V8 takes it
 * for something that stays, and a day of backlog costs 4 MiB and no less time.
 */
export const UNSENT_BYTES_MAX = 8 * 1024;

export class Outbox {
  readonly #spool: Spool;
  readonly #observer: LinkObserver;
  readonly #effects: OutboxEffects;
  readonly #window = new Window();
  readonly #poison = new Poison();
  readonly #declared = new Set<number>();
  #limits: WireLimits;
  #horizon = 0;
  #cursor = 1;
  /** One frame for a whole run: thousands of batches may have grown too old. */
  #passing: Passing | null = null;

  constructor(spool: Spool, observer: LinkObserver, effects: OutboxEffects, limits: WireLimits) {
    this.#spool = spool;
    this.#observer = observer;
    this.#effects = effects;
    this.#limits = limits;
  }

  /** Begins to send at `from`, on a connection that has heard of no shape. */
  begin(from: number, { limits, horizon }: Terms): void {
    this.#limits = limits;
    this.#horizon = horizon;
    this.#cursor = from;
    this.#poison.settled(from - 1);
  }

  /** Everything up to `seq` is settled. */
  acked(seq: number): void {
    this.#window.acked(seq);
    this.#poison.settled(seq);
  }

  /**
   * The connection is gone. @param code as it is to be blamed; see `Poison`.
   * @returns true when the close blames what was sent, so that another try makes sense.
   */
  closed(code: number): boolean {
    const blamed = this.#poison.closed(code, this.#window.first);
    this.#passing = null;
    this.#window.clear();
    this.#declared.clear();
    return blamed;
  }

  /** A new epoch: what was held against a seq means nothing any more. */
  forget(): void {
    this.#poison.settled(Number.MAX_SAFE_INTEGER);
  }

  /** Sends what the spool has, and the window and the socket allow. @throws SpoolError */
  pump(): void {
    while (this.#cursor < this.#spool.next && this.#effects.unsentBytes < UNSENT_BYTES_MAX) {
      const room = this.#limits.windowBytesMax - this.#window.bytes;
      if (room <= 0 || !this.#sendSome(this.#spool.read(this.#cursor, Math.min(READ_BYTES, room)))) break;
    }
    this.#tellPassed();
  }

  /** @returns false when the window is full. */
  #sendSome(batches: readonly StoredBatch[]): boolean {
    if (batches.length === 0) this.#passMissing(this.#spool.next - 1);
    for (const batch of batches) {
      if (batch.seq < this.#cursor) continue;
      if (batch.seq > this.#cursor) this.#passMissing(batch.seq - 1);
      if (!this.#sendBatch(batch)) return false;
    }
    return true;
  }

  /** Sends a batch, or passes it. @returns false when it has to wait for room in the window. */
  #sendBatch({ seq, at, groups }: StoredBatch): boolean {
    const times = { fromAt: at, toAt: at };
    if (this.#poison.has(seq)) return this.#pass(seq, 'refused', times);
    if (at < this.#horizon) {
      const to = this.#spool.firstSince(seq, this.#horizon) - 1;
      return this.#pass(to, 'too_old', to === seq ? times : { fromAt: at, toAt: this.#horizon });
    }
    const text = encodeBatchFrame(seq, at, groups);
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#limits.frameBytesMax) return this.#pass(seq, 'too_large', times);
    if (!this.#window.fits(bytes, this.#limits.windowBytesMax)) return false;
    const shapes = this.#shapeFrames(groups);
    if (typeof shapes === 'string') return this.#pass(seq, shapes, times);
    this.#tellPassed();
    for (const { id, frame } of shapes) {
      this.#declared.add(id);
      this.#effects.send(frame);
    }
    this.#cursor = seq + 1;
    this.#window.sent(seq, bytes);
    this.#effects.send(text);
    this.#observer.sent(seq, bytes);
    return true;
  }

  /** The frames that declare what a batch names and this connection has not heard of, or why the batch is passed. */
  #shapeFrames(groups: string): { id: number; frame: string }[] | 'corrupt' | 'too_large' {
    const ids = shapesOf(groups);
    if (ids === null) return 'corrupt';
    const frames: { id: number; frame: string }[] = [];
    for (const id of ids) {
      if (this.#declared.has(id)) continue;
      const body = this.#spool.shapeBody(id);
      if (body === undefined) return 'corrupt';
      const frame = encodeShapeFrame(id, body);
      if (Buffer.byteLength(frame) > this.#limits.frameBytesMax) return 'too_large';
      frames.push({ id, frame });
    }
    return frames;
  }

  /**
   * Passes what the spool no longer has, behind what hello told. What it dropped to keep its limits, or lost with a part
   * of its file, stands in its gaps.
   */
  #passMissing(to: number): void {
    for (const { from, to: gapTo, reason, fromAt, toAt } of this.#spool.gaps()) {
      if (gapTo < this.#cursor || from > to) continue;
      if (from > this.#cursor) this.#pass(from - 1, 'missing', null);
      // What of it has left before it was dropped is no part of what is passed; ticks are even enough for its time.
      const share = from < this.#cursor ? (this.#cursor - from) / (gapTo - from || 1) : 0;
      const beginAt = Math.round(fromAt + (toAt - fromAt) * share);
      this.#pass(Math.min(gapTo, to), reason, { fromAt: beginAt, toAt });
    }
    if (this.#cursor <= to) this.#pass(to, 'missing', null);
  }

  /** Passes everything from the cursor up to `to`; told when another reason comes, or something to send. */
  #pass(to: number, reason: string, times: Times | null): true {
    if (this.#passing !== null && this.#passing.reason !== reason) this.#tellPassed();
    const before = this.#passing;
    this.#passing = { from: before?.from ?? this.#cursor, to, reason, times: span(before?.times, times) };
    this.#cursor = to + 1;
    return true;
  }

  #tellPassed(): void {
    if (this.#passing === null) return;
    const { from, to, reason, times } = this.#passing;
    this.#passing = null;
    const frame = encodeFrame({ kind: 'skip', from, to, reason, ...times });
    this.#window.sent(to, frame.length);
    this.#effects.send(frame);
    this.#observer.skipped(from, to, reason);
  }
}

function span(a: Times | null | undefined, b: Times | null): Times | null {
  if (a === null || a === undefined || b === null) return b ?? a ?? null;
  return { fromAt: Math.min(a.fromAt, b.fromAt), toAt: Math.max(a.toAt, b.toAt) };
}
