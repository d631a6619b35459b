/**
 * The reporter's side of the wire as a state machine: what the gateway says, closes, and clock ticks go in; frames,
 * connects and closes come out through `LinkEffects`. It knows no socket and no timer.
 *
 *     waiting ── its time has come ──► connecting ── opened ──► greeting ── welcome ──► streaming
 *        ▲                                  │                       │                       │
 *        └──────────── closed, with a backoff ──────────────────────┴───────────────────────┤
 *     parked ◄── refused for a reason that only a person can change ────────────────────────┘
 *
 * Everything that must survive stands in the spool; a session that dies has lost nothing.
 */
import type { Backoff } from '@tributary/shared/backoff';
import { decodeGatewayFrame } from '@tributary/shared/decode-gateway';
import { encodeBatchFrame, encodeFrame, encodeShapeFrame } from '@tributary/shared/encode';
import { isRefuseCode, REFUSALS, RefuseError } from '@tributary/shared/errors';
import type { GatewayFrame, Refuse, Welcome } from '@tributary/shared/frames';
import { DEFAULT_LIMITS, SILENCE_MS_MAX, type WireLimits } from '@tributary/shared/limits';
import type { Spool, StoredBatch } from '../spool/spool.ts';
import type { LinkObserver } from './observer.ts';
import { Poison } from './poison.ts';
import { shapesOf } from './stored-batch.ts';
import { Window } from './window.ts';

export interface LinkEffects {
  /** Opens a connection; `opened` or `closed` is to be called. */
  connect(): void;
  send(text: string): void;
  /** Ends the connection; `closed` is to be called when it is gone. */
  close(code: number, reason: string): void;
}

export interface SessionOptions {
  readonly spool: Spool;
  readonly host: string;
  readonly run: string;
  readonly agent: string;
  readonly os: string;
  readonly backoff: Backoff;
  /** The host's own wall clock, uncorrected. */
  readonly wall: () => number;
  /** Milliseconds that only rise. */
  readonly monotonic: () => number;
  /** Takes the gateway's clock before anything is sent, and restates what is unsent where that is needed. */
  readonly onWelcome: (clock: number, roundTripMs: number) => void;
  readonly onPace: (intervalMs: number) => void;
  readonly observer: LinkObserver;
}

type State = 'waiting' | 'connecting' | 'greeting' | 'streaming' | 'parked' | 'stopped';

/** Read from the spool at a time. */
const READ_BYTES = 256 * 1024;
const CLOSE_CODE_OWN = 1000;
const CLOSE_CODE_SILENT = 4031;
const CLOSE_CODE_CONFUSED = 1002;

export class LinkSession {
  readonly #options: SessionOptions;
  readonly #effects: LinkEffects;
  readonly #window = new Window();
  readonly #poison = new Poison();
  readonly #declared = new Set<number>();
  #state: State = 'waiting';
  #limits: WireLimits = DEFAULT_LIMITS;
  #horizon = 0;
  #cursor = 1;
  #connectAt = 0;
  #heardAt = 0;
  #helloAt = 0;
  #refused: Refuse | null = null;

  constructor(options: SessionOptions, effects: LinkEffects) {
    this.#options = options;
    this.#effects = effects;
  }

  /** True while what is appended to the spool goes out at once. */
  get isStreaming(): boolean {
    return this.#state === 'streaming';
  }

  /** True when only a person can make it go on. */
  get isParked(): boolean {
    return this.#state === 'parked';
  }

  /** To be called about twice a second. */
  tick(): void {
    const now = this.#options.monotonic();
    if (this.#state === 'waiting' && now >= this.#connectAt) {
      this.#state = 'connecting';
      this.#effects.connect();
    } else if (this.#isConnected() && now - this.#heardAt > SILENCE_MS_MAX) {
      this.#effects.close(CLOSE_CODE_SILENT, 'silent');
    }
  }

  opened(): void {
    if (this.#state !== 'connecting') return;
    const { spool, host, run, agent, os, wall, monotonic } = this.#options;
    this.#state = 'greeting';
    this.#heardAt = monotonic();
    this.#helloAt = this.#heardAt;
    const { epoch, oldest, acked, delivered, next } = spool;
    const gaps = spool.gaps().filter((gap) => gap.to < next);
    this.#effects.send(
      encodeFrame({
        kind: 'hello',
        host,
        epoch,
        run,
        oldest,
        acked,
        delivered,
        next,
        clock: wall(),
        gaps,
        agent,
        os,
      }),
    );
  }

  /** Anything came from the other end. */
  heard(): void {
    this.#heardAt = this.#options.monotonic();
  }

  receive(text: string): void {
    this.heard();
    try {
      const frame = decodeGatewayFrame(text);
      if (frame !== null) this.#handle(frame);
    } catch (error) {
      if (!(error instanceof RefuseError)) throw error;
      this.#options.observer.confused(error.message);
      this.#effects.close(CLOSE_CODE_CONFUSED, 'not understood');
    }
  }

  /** The spool has a new batch. */
  appended(): void {
    this.#pump();
  }

  /**
   * The connection is gone, or never came.
   * @param code of the close; 1006 when it broke without one.
   */
  closed(code: number, reason: string): void {
    if (this.#state === 'stopped') return;
    const wasStreaming = this.#state === 'streaming';
    const blamed = this.#poison.closed(code, this.#window.first);
    const refused = this.#refused;
    this.#refused = null;
    this.#window.clear();
    this.#declared.clear();
    this.#state = 'waiting';
    let pauseMs = this.#options.backoff.next();
    if (refused !== null) {
      const retry = isRefuseCode(refused.code) ? REFUSALS[refused.code] : 'later';
      if (retry === 'never' || (retry === 'frame' && !blamed)) this.#state = 'parked';
      if (retry === 'new-epoch') this.#beginEpoch(this.#options.spool.acked, refused.message);
      pauseMs = Math.max(pauseMs, refused.retryAfterMs ?? 0);
    }
    this.#connectAt = this.#options.monotonic() + pauseMs;
    this.#options.observer.disconnected({
      code,
      reason,
      wasStreaming,
      parked: this.#state === 'parked',
      pauseMs,
    });
  }

  /** A person has changed something: a parked session tries again. */
  unpark(): void {
    if (this.#state !== 'parked') return;
    this.#state = 'waiting';
    this.#connectAt = 0;
  }

  /** Says goodbye and ends for good. */
  stop(reason: string): void {
    if (this.#isConnected()) {
      this.#effects.send(encodeFrame({ kind: 'bye', reason }));
      this.#effects.close(CLOSE_CODE_OWN, 'bye');
    }
    this.#state = 'stopped';
  }

  #isConnected(): boolean {
    return this.#state === 'greeting' || this.#state === 'streaming';
  }

  #handle(frame: GatewayFrame): void {
    const { observer } = this.#options;
    switch (frame.kind) {
      case 'ack':
        return this.#onAck(frame.seq, frame.delivered);
      case 'welcome':
        return this.#onWelcome(frame);
      case 'reject':
        return observer.rejected(frame);
      case 'pace':
        return this.#options.onPace(frame.intervalMs);
      case 'refuse':
        this.#refused = frame;
        return observer.refused(frame);
    }
  }

  #onWelcome(welcome: Welcome): void {
    if (this.#state !== 'greeting') return;
    const { spool, onWelcome, monotonic, observer } = this.#options;
    this.#limits = welcome.limits;
    this.#horizon = welcome.horizon;
    // The gateway has settled what this spool never sent: the spool is an older copy of itself, and what it took since
    // would be passed over as known. It goes into an epoch of its own.
    if (welcome.next > spool.sent + 1) {
      this.#beginEpoch(
        spool.sent,
        `the gateway has settled ${welcome.next - 1}, but only ${spool.sent} was sent`,
      );
      return this.#effects.close(CLOSE_CODE_OWN, 'new epoch');
    }
    onWelcome(welcome.clock, monotonic() - this.#helloAt);
    spool.ack(welcome.next - 1, spool.delivered);
    spool.markAllSent();
    this.#poison.settled(welcome.next - 1);
    this.#cursor = welcome.next;
    this.#state = 'streaming';
    observer.connected(spool.next - welcome.next);
    this.#pump();
  }

  #onAck(seq: number, delivered: number): void {
    if (this.#state !== 'streaming') return;
    this.#options.backoff.reset();
    this.#options.spool.ack(seq, delivered);
    this.#window.acked(seq);
    this.#poison.settled(seq);
    this.#options.observer.acked(seq);
    this.#pump();
  }

  /** Sends what the spool has and the window allows. */
  #pump(): void {
    const { spool } = this.#options;
    while (
      this.#state === 'streaming' &&
      this.#cursor < spool.next &&
      this.#window.bytes < this.#limits.windowBytesMax
    ) {
      const batches = spool.read(this.#cursor, READ_BYTES);
      if (batches.length === 0) return this.#skip(spool.next - 1, 'missing');
      for (const batch of batches) {
        if (this.#window.bytes >= this.#limits.windowBytesMax) break;
        // Seqs that the spool no longer has, behind what hello told.
        if (batch.seq > this.#cursor) this.#skip(batch.seq - 1, 'missing');
        this.#sendBatch(batch);
      }
    }
  }

  #sendBatch(batch: StoredBatch): void {
    const { seq, at, groups } = batch;
    if (this.#poison.has(seq)) return this.#skip(seq, 'refused');
    if (at < this.#horizon) return this.#skip(seq, 'too_old');
    const text = encodeBatchFrame(seq, at, groups);
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#limits.frameBytesMax) return this.#skip(seq, 'too_large');
    const shapes = this.#shapeFrames(groups);
    if (shapes === null) return this.#skip(seq, 'corrupt');
    for (const { id, frame } of shapes) {
      this.#declared.add(id);
      this.#effects.send(frame);
    }
    this.#cursor = seq + 1;
    this.#window.sent(seq, bytes);
    this.#effects.send(text);
    this.#options.observer.sent(seq, bytes);
  }

  /** The frames that declare what a batch names and this connection has not heard of; null when the batch is damaged. */
  #shapeFrames(groups: string): { id: number; frame: string }[] | null {
    const ids = shapesOf(groups);
    if (ids === null) return null;
    const frames: { id: number; frame: string }[] = [];
    for (const id of ids) {
      if (this.#declared.has(id)) continue;
      const body = this.#options.spool.shapeBody(id);
      if (body === undefined) return null;
      const frame = encodeShapeFrame(id, body);
      if (Buffer.byteLength(frame) > this.#limits.frameBytesMax) return null;
      frames.push({ id, frame });
    }
    return frames;
  }

  /** Passes everything from the cursor up to `to`. */
  #skip(to: number, reason: string): void {
    const frame = encodeFrame({ kind: 'skip', from: this.#cursor, to, reason });
    this.#options.observer.skipped(this.#cursor, to, reason);
    this.#cursor = to + 1;
    this.#window.sent(to, frame.length);
    this.#effects.send(frame);
  }

  /** @param after the seqs above it are what this spool alone has. */
  #beginEpoch(after: number, why: string): void {
    const { spool, observer } = this.#options;
    spool.beginEpoch(after);
    this.#poison.settled(Number.MAX_SAFE_INTEGER);
    observer.newEpoch(why);
  }
}
