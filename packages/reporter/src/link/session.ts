/**
 * The reporter's side of the wire as a state machine: what the gateway says, closes, and clock ticks go in; frames,
 * connects and closes come out through `LinkEffects`. It knows no socket and no timer.
 *
 *     waiting ── its time has come ──► connecting ── opened ──► greeting ── welcome ──► streaming
 *        ▲                                  │                       │                       │
 *        └──────────── closed, with a backoff ──────────────────────┴───────────────────────┤
 *     parked ◄── refused for a reason that only a person can change ────────────────────────┘
 *        └── the credential has changed, or a few minutes are over ──► connecting
 *
 * A session that closes the connection itself is `closing` until it is gone; what still comes is not answered.
 * Everything that must survive stands in the spool; a session that dies has lost nothing.
 */
import type { Backoff } from '@tributary/shared/backoff';
import { CLOSE_CODES, CLOSE_NORMAL } from '@tributary/shared/close-codes';
import { decodeGatewayFrame } from '@tributary/shared/decode-gateway';
import { encodeFrame } from '@tributary/shared/encode';
import { isRefuseCode, REFUSALS, RefuseError } from '@tributary/shared/errors';
import type { GatewayFrame, Refuse, Welcome } from '@tributary/shared/frames';
import { DEFAULT_LIMITS, SILENCE_MS_MAX, type WireLimits } from '@tributary/shared/limits';
import type { Spool } from '../spool/spool.ts';
import { SpoolError } from '../spool/spool-error.ts';
import { CredentialError } from './host-credentials.ts';
import type { LinkObserver } from './observer.ts';
import { Outbox, UNSENT_BYTES_MAX } from './outbox.ts';

export interface LinkEffects {
  /** Opens a connection; `opened` or `closed` is to be called. */
  connect(): void;
  send(text: string): void;
  /** Bytes that were given to `send` and have not left yet; `drained` is to be called when they fall. */
  readonly unsentBytes: number;
  /** Ends the connection; `closed` is to be called when it is gone. */
  close(code: number, reason: string): void;
}

/** What the session needs to know of a host's credentials: see host-credentials.ts. */
export interface LinkCredentials {
  /** @throws CredentialError when the token is not on disk: nothing may be sent then. */
  welcomed(token: string | undefined): void;
  /** What was shown got HTTP 401. @returns true when there is another to be shown. */
  refused(): boolean;
  /** It is tried again after a while, and what was refused before is to be shown first then. */
  beginAgain(): void;
  /** True when there may be something else to show than what was refused. */
  isChanged(): boolean;
}

export interface SessionOptions {
  readonly spool: Spool;
  readonly host: string;
  readonly run: string;
  readonly agent: string;
  readonly os: string;
  readonly backoff: Backoff;
  readonly credentials: LinkCredentials;
  /** The host's own wall clock, uncorrected. */
  readonly wall: () => number;
  /** Milliseconds that only rise. */
  readonly monotonic: () => number;
  /** Takes the gateway's clock before anything is sent, and restates what is unsent where that is needed. */
  readonly onWelcome: (clock: number, roundTripMs: number, limits: WireLimits) => void;
  /** The gateway found a batch's time too far ahead; the next welcome says how far. */
  readonly onFuture?: () => void;
  readonly onPace: (intervalMs: number) => void;
  readonly observer: LinkObserver;
}

type State = 'waiting' | 'connecting' | 'greeting' | 'streaming' | 'closing' | 'parked' | 'stopped';

/** How often a parked session looks for another credential. */
const LOOK_MS = 2_000;
/**
 * About how often it tries without one. What was wrong may be put right at the other end, at a proxy or a gateway that is being set up,
 * and of a large fleet nobody is to start each host anew for that.
 */
const PARKED_PAUSE_MS = 5 * 60_000;
/** What a proxy may ask for in vain: it may speak of itself, and be gone by then. */
const RETRY_AFTER_MS_MAX = 5 * 60_000;
/** Statuses after which it parks: 429 is what an address gets from which bad credentials came again and again. */
const PARKING: ReadonlySet<number> = new Set([403, 429]);
/** A connection is given up for the gateway's clock at most so often. */
const FUTURE_PAUSE_MS = 60_000;
/** RFC 6455: a protocol error. */
const CLOSE_CONFUSED = 1002;

/** How often a session without a connection is to look whether it is time for one. */
export const SESSION_LOOK_MS = 500;

export class LinkSession {
  readonly #options: SessionOptions;
  readonly #effects: LinkEffects;
  readonly #outbox: Outbox;
  #state: State = 'waiting';
  #connectAt = 0;
  #lookAt = 0;
  #heardAt = 0;
  #helloAt = 0;
  #refused: Refuse | null = null;
  /** The epoch that this connection's hello named, and the oldest seq it told. */
  #epoch = '';
  #toldOldest = 1;
  #wasStreaming = false;
  #futureAt = Number.NEGATIVE_INFINITY;

  constructor(options: SessionOptions, effects: LinkEffects) {
    this.#options = options;
    this.#effects = effects;
    this.#outbox = new Outbox(options.spool, options.observer, effects, DEFAULT_LIMITS);
  }

  /** True while what is appended to the spool goes out at once. */
  get isStreaming(): boolean {
    return this.#state === 'streaming';
  }

  /** True when it waits for a person. */
  get isParked(): boolean {
    return this.#state === 'parked';
  }

  /**
   * Looks what the time asks for.
   * @returns in so many ms it has to be called again, or `SESSION_LOOK_MS` after the connection's end if that is sooner. A host that has
   *   nothing to do is woken for it, so a connected one, which has to do with its silence only, waits for as long as it may.
   */
  tick(): number {
    const now = this.#options.monotonic();
    if (this.#state === 'parked' && now >= this.#lookAt) this.#lookForCredential(now);
    const isIdle = this.#state === 'waiting' || this.#state === 'parked';
    if (isIdle && now >= this.#connectAt) {
      this.#state = 'connecting';
      this.#effects.connect();
    } else if (this.#isConnected() && now - this.#heardAt > SILENCE_MS_MAX) {
      this.#close(CLOSE_CODES.SILENT, 'silent');
    }
    if (!this.#isConnected()) return SESSION_LOOK_MS;
    return Math.max(SESSION_LOOK_MS, SILENCE_MS_MAX + 1 - (now - this.#heardAt));
  }

  opened(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'greeting';
    this.#heardAt = this.#options.monotonic();
    this.#helloAt = this.#heardAt;
    this.#guarded(() => this.#sayHello());
  }

  /** Anything came from the other end. */
  heard(): void {
    this.#heardAt = this.#options.monotonic();
  }

  receive(text: string): void {
    this.heard();
    this.#guarded(() => {
      const frame = decodeGatewayFrame(text);
      if (frame !== null) this.#handle(frame);
    });
  }

  /** The spool has a new batch. */
  appended(): void {
    this.#guarded(() => this.#pump());
  }

  /** What was sent has left, or some of it. */
  drained(): void {
    if (this.#state === 'streaming' && this.#effects.unsentBytes <= UNSENT_BYTES_MAX / 2) this.appended();
  }

  /**
   * The connection is gone, or never came.
   * @param code of the close; 1006 when it broke without one.
   * @param status of HTTP, where that was the answer.
   * @param retryAfterMs that came with it; 0 for none.
   */
  closed(code: number, reason: string, status = 0, retryAfterMs = 0): void {
    if (this.#state === 'stopped') return;
    const wasStreaming = this.#wasStreaming;
    const refused = this.#refused;
    // What the refusal said counts: its close code may have been lost on the way. A close of our own blames nothing.
    const refusal = refused !== null && isRefuseCode(refused.code) ? refused.code : null;
    const blame = refusal !== null ? CLOSE_CODES[refusal] : this.#state === 'closing' ? CLOSE_NORMAL : code;
    const blamed = this.#outbox.closed(blame);
    this.#refused = null;
    this.#wasStreaming = false;
    this.#state = 'waiting';
    let pauseMs = this.#options.backoff.next();
    if (refused !== null) {
      const retry = refusal === null ? 'later' : REFUSALS[refusal];
      if (retry === 'never' || (retry === 'frame' && !blamed)) pauseMs = this.#park();
      if (retry === 'new-epoch') {
        this.#guarded(() => this.#beginEpoch(this.#options.spool.acked, refused.message));
      }
      pauseMs = Math.max(pauseMs, refused.retryAfterMs ?? 0);
    } else if (PARKING.has(status) || (status === 401 && !this.#options.credentials.refused())) {
      pauseMs = this.#park();
    }
    pauseMs = Math.max(pauseMs, this.#spread(retryAfterMs));
    this.#connectAt = this.#options.monotonic() + pauseMs;
    this.#options.observer.disconnected({
      code,
      reason,
      wasStreaming,
      parked: this.isParked,
      pauseMs,
      refusal: refused?.code ?? (status === 0 ? null : `HTTP_${status}`),
    });
  }

  /** Says goodbye and ends for good. Acks that are on their way still count. */
  stop(reason: string): void {
    if (this.#isConnected()) {
      this.#effects.send(encodeFrame({ kind: 'bye', reason }));
      this.#effects.close(CLOSE_NORMAL, 'bye');
    }
    this.#state = 'stopped';
  }

  /** @returns for how long, unless the credential changes before. */
  #park(): number {
    this.#state = 'parked';
    this.#options.credentials.beginAgain();
    this.#lookAt = this.#options.monotonic() + LOOK_MS;
    return this.#options.backoff.about(PARKED_PAUSE_MS);
  }

  /** Never earlier than was asked for, and not all of a fleet at once. */
  #spread(retryAfterMs: number): number {
    const askedMs = Math.min(retryAfterMs, RETRY_AFTER_MS_MAX);
    return askedMs / 2 + this.#options.backoff.about(askedMs);
  }

  #lookForCredential(now: number): void {
    this.#lookAt = now + LOOK_MS;
    if (!this.#options.credentials.isChanged()) return;
    this.#options.backoff.reset();
    this.#state = 'waiting';
    this.#connectAt = now;
  }

  #isConnected(): boolean {
    return this.#state === 'greeting' || this.#state === 'streaming';
  }

  #close(code: number, reason: string): void {
    if (!this.#isConnected()) return;
    this.#state = 'closing';
    this.#effects.close(code, reason);
  }

  /** Ends the connection where the gateway cannot be understood or the spool does not answer; the rest is a bug. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof RefuseError) {
        this.#options.observer.confused(error.message);
        this.#close(CLOSE_CONFUSED, 'not understood');
      } else if (error instanceof CredentialError) {
        this.#options.observer.failed(error.message);
        this.#close(CLOSE_NORMAL, 'token not kept');
      } else if (error instanceof SpoolError) {
        this.#options.observer.failed(error.message);
        this.#close(CLOSE_NORMAL, 'spool failed');
      } else throw error;
    }
  }

  #sayHello(): void {
    const { spool, host, run, agent, os, wall } = this.#options;
    const gaps = spool.gaps();
    const { epoch, oldest, acked, delivered, next } = spool;
    this.#epoch = epoch;
    this.#toldOldest = oldest;
    const clock = wall();
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
        clock,
        gaps,
        agent,
        os,
      }),
    );
  }

  #handle(frame: GatewayFrame): void {
    const { observer } = this.#options;
    switch (frame.kind) {
      case 'ack':
        return this.#onAck(frame.seq, frame.delivered);
      case 'welcome':
        return this.#onWelcome(frame);
      case 'reject':
        observer.rejected(frame);
        if (frame.code === 'FUTURE' && frame.group === undefined) this.#onFuture();
        return;
      case 'pace':
        return this.#options.onPace(frame.intervalMs);
      case 'refuse':
        this.#refused = frame;
        return observer.refused(frame);
    }
  }

  #onWelcome(welcome: Welcome): void {
    if (this.#state !== 'greeting') return;
    const { spool, onWelcome, monotonic, observer, credentials } = this.#options;
    // Before anything else: the token comes once, and may be the host's only way back.
    credentials.welcomed(welcome.token);
    if (!this.#isSameEpoch()) return;
    const settled = welcome.next - 1;
    // The gateway has settled what this spool neither sent nor told as a gap: the spool is an older copy of itself, or
    // has one that speaks for it. Only what was acked here is known to be the same on both sides.
    if (settled > Math.max(spool.sent, this.#toldOldest - 1)) {
      const { acked, sent } = spool;
      this.#beginEpoch(acked, `the gateway has settled ${settled}, but only ${sent} was sent`);
      return this.#close(CLOSE_NORMAL, 'new epoch');
    }
    onWelcome(welcome.clock, monotonic() - this.#helloAt, welcome.limits);
    spool.markAllSent();
    this.#outbox.begin(this.#resumeAt(settled), welcome);
    this.#state = 'streaming';
    this.#wasStreaming = true;
    observer.connected(spool.next - welcome.next);
    this.#pump();
  }

  /**
   * Where to go on when the gateway has settled so much. An ack may have been lost, or a copy of this spool may have
   * spoken under the same seqs. The gateway can tell, for it keeps a hash of the last: so that one is sent again, and
   * what it answers, an ack or SEQ_CONFLICT, says which.
   */
  #resumeAt(settled: number): number {
    const { spool } = this.#options;
    if (settled > spool.acked && settled >= spool.oldest) return settled;
    spool.resume(settled);
    return settled + 1;
  }

  #onAck(seq: number, delivered: number): void {
    if (this.#state === 'greeting' || !this.#isSameEpoch()) return;
    this.#options.backoff.reset();
    this.#options.spool.ack(seq, delivered);
    this.#outbox.acked(seq);
    this.#options.observer.acked(seq);
    this.#pump();
  }

  /** The clocks have drifted apart since the welcome. A new one sets ours right, before more is lost by it. */
  #onFuture(): void {
    const now = this.#options.monotonic();
    if (now - this.#futureAt < FUTURE_PAUSE_MS) return;
    this.#futureAt = now;
    this.#options.onFuture?.();
    this.#close(CLOSE_NORMAL, 'the clock is to be set');
  }

  /** False, and the connection ends, when the spool had to begin anew: nothing that was said here holds any more. */
  #isSameEpoch(): boolean {
    if (this.#options.spool.epoch === this.#epoch) return true;
    this.#close(CLOSE_NORMAL, 'new epoch');
    return false;
  }

  /** Sends what can be sent now. */
  #pump(): void {
    if (this.#state === 'streaming' && this.#isSameEpoch()) this.#outbox.pump();
  }

  /** @param after the seqs above it are what this spool alone has. */
  #beginEpoch(after: number, why: string): void {
    const { spool, observer } = this.#options;
    spool.beginEpoch(after);
    this.#outbox.forget();
    observer.newEpoch(why);
  }
}
