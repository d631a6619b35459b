/**
 * One reporter's connection as a state machine: frames, the ledger's answers and clock ticks go in; frames, entries and
 * the close come out through `SessionEffects`. No socket, no timer, no promise is known here.
 *
 *     new ── hello ──► granting ── granted ──► loading ── loaded ──► settling ── settled ──► open ──► closed
 *               └──── nothing to grant ──────────┘           └──────── nothing to settle ──────┘
 *
 * `next` is the seq that must come next; everything below it was handed to the ledger. `settled` is what the ledger has
 * confirmed, and only that is ever acked. Duplicates are no-ops, a hole or another content under a settled seq ends the
 * connection (docs/PROTOCOL.md).
 */
import { CLOSE_CODES, CLOSE_NORMAL } from '@tributary/shared/close-codes';
import { decodeReporterBytes } from '@tributary/shared/decode';
import { type RefuseCode, RefuseError } from '@tributary/shared/errors';
import type { Batch, Hello, ReporterFrame, Skip } from '@tributary/shared/frames';
import { FUTURE_MS_MAX, HELLO_MS_MAX, SILENCE_MS_MAX } from '@tributary/shared/limits';
import { quote } from '@tributary/shared/names';
import type { StreamState } from '../ledger/ledger.ts';
import { frameCost } from '../limits/host-rates.ts';
import { contentHash } from './content-hash.ts';
import { DeclaredShapes } from './declared-shapes.ts';
import { objectionTo, wrongClock } from './greeting.ts';
import { HostTimes, timesOf } from './host-times.ts';
import type { Identity } from './identity.ts';
import { admittedGroups, judgeBatch, valuesOf } from './judge-batch.ts';
import type { KnownShapeFrame } from './known-shape.ts';
import { lastSeq, type SettledEntry } from './observer.ts';
import { BatchSeries } from './series-set.ts';
import type { SessionContext, SessionEffects } from './session-context.ts';
import { skipEntry } from './skip-entry.ts';
import { payForLosses, unsettledBefore } from './unsettled.ts';
import type { Voice } from './voices.ts';

/** Where nothing says when it will be better. */
const RETRY_MS = 5_000;

type State = 'new' | 'granting' | 'loading' | 'settling' | 'open' | 'closed';

export class Session implements Voice {
  readonly #context: SessionContext;
  readonly #effects: SessionEffects;
  #state: State = 'new';
  #hello: Hello | null = null;
  /** For the host, to be told once. */
  #token: string | null = null;
  /** Host's clock minus ours when its hello came. */
  #skewMs = 0;
  readonly #begunAt: number;
  #heardAt: number;
  /** Up to when its silence is none of its own. */
  #excusedAt = 0;
  #next = 1;
  #settled = 0;
  #acked = 0;
  #lastHash = 0;
  #times = new HostTimes(0);
  /** What came while the times are being recalled, to be handled then; null at all other times. */
  #held: (ReporterFrame | KnownShapeFrame)[] | null = null;
  readonly #shapes: DeclaredShapes;
  readonly #batchSeries = new BatchSeries();

  constructor(context: SessionContext, effects: SessionEffects) {
    this.#context = context;
    this.#effects = effects;
    this.#shapes = new DeclaredShapes(context);
    this.#begunAt = context.uptimeMs();
    this.#heardAt = this.#begunAt;
  }

  get host(): string {
    return this.#hello?.host ?? '';
  }

  get epoch(): string {
    return this.#hello?.epoch ?? '';
  }

  get run(): string {
    return this.#hello?.run ?? '';
  }

  get address(): string {
    return this.#context.address;
  }

  get identity(): Identity {
    return this.#context.identity;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** It has said who it is, and was not turned away for that. */
  get isGreeted(): boolean {
    return this.#state !== 'new' && this.#state !== 'closed';
  }

  /** Welcomed, and not closed. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Anything came from the other end: a frame, a ping or a pong. */
  heard(): void {
    this.#heardAt = this.#context.uptimeMs();
  }

  /** Nothing is read from it, so it cannot be heard. Whoever comes in its place may still ask when it was. */
  excuse(): void {
    this.#excusedAt = this.#context.uptimeMs();
  }

  /** One text frame: UTF-8, at most `frameBytesMax`. */
  receive(data: Buffer): void {
    if (this.#state === 'closed') return;
    this.heard();
    this.#guard(() => {
      // Whatever it says, it has to be read.
      const bytes = data.length;
      const cost = frameCost(0, bytes);
      this.#charge(cost);
      const frame = this.#shapes.known(data) ?? decodeReporterBytes(data, this.#context.limits.seriesMax);
      if (frame.kind === 'batch') this.#charge(frameCost(valuesOf(frame), bytes) - cost);
      this.#context.observer.frame(frame.kind, bytes);
      if (this.#held === null) this.#handle(frame);
      else this.#held.push(frame);
    });
  }

  /** True while nothing should be read from the other end, since it would only be held. */
  get isRecalling(): boolean {
    return this.#held !== null;
  }

  /** The answer to `recall`: what came meanwhile is handled. */
  recalled(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const frame of held) {
      if (this.#state === 'closed') return;
      this.#guard(() => {
        // The first may have shown that more has to be recalled.
        if (this.#held === null) this.#handle(frame);
        else this.#held.push(frame);
      });
    }
  }

  /** The answer to `grant`. @param token that the host is to use from now on; null for what it has */
  granted(token: string | null): void {
    if (this.#state !== 'granting' || this.#hello === null) return;
    this.#token = token;
    const hello = this.#hello;
    this.#guard(() => {
      this.#compareClocks(hello.host);
      this.#load(hello);
    });
  }

  /** The ledger's answer to `load`. */
  loaded(stream: StreamState): void {
    if (this.#state !== 'loading' || this.#hello === null) return;
    this.#times = timesOf(this.#context.times, this.host, stream);
    this.#lastHash = stream.lastHash;
    // A new epoch begins behind what its scrapers were shown: the rest need not come again.
    this.#next = stream.next ?? this.#hello.delivered + 1;
    const lost = unsettledBefore(this.#hello, this.#next, this.#context.clock.now());
    this.#settled = this.#next - 1;
    if (lost.length === 0) return this.#open();
    const unpaid = payForLosses(this.host, lost.length, this.#context);
    if (unpaid !== null) return this.refuse(unpaid);
    this.#state = 'settling';
    this.#append(lost);
  }

  /** Entries of the oldest unanswered `append` are on disk. Acks are due: see `ack`. */
  settled(entries: readonly SettledEntry[]): void {
    const last = entries.at(-1);
    if (last !== undefined) this.#settled = lastSeq(last);
    if (this.#state === 'settling' && this.#settled === this.#next - 1) this.#open();
  }

  /** Acks what is settled and was not acked yet. Apart from `settled`, so that one ack serves a whole group commit. */
  ack(): void {
    if (this.#state !== 'open' || this.#acked === this.#settled) return;
    this.#acked = this.#settled;
    this.#effects.send({ kind: 'ack', seq: this.#settled, delivered: this.#delivered() });
  }

  /** Never more than what is acked: a place is in the ledger before a scraper takes it, but not before this end knows. */
  #delivered(): number {
    return Math.min(this.#settled, this.#context.delivered(this.host, this.epoch));
  }

  /** To be called about once a second. */
  tick(): void {
    if (this.#state === 'closed') return;
    const now = this.#context.uptimeMs();
    // Pongs alone keep nobody here who never says who he is.
    if (this.#state === 'new' && now - this.#begunAt > HELLO_MS_MAX) {
      // An honest host may have come late: its network was, or this end did not get to reading it.
      this.refuse(new RefuseError('RATE', `no hello came within ${HELLO_MS_MAX / 1000} s`, RETRY_MS));
    } else if (now - Math.max(this.#heardAt, this.#excusedAt) > SILENCE_MS_MAX)
      this.#close(CLOSE_CODES.SILENT, 'silent');
  }

  /** Another connection of this host was granted. */
  replaced(): void {
    this.#close(CLOSE_CODES.REPLACED, 'another connection of this host took over');
  }

  /** Ends the connection with a coded reason. */
  refuse(error: RefuseError): void {
    if (this.#state === 'closed') return;
    const { code, message, retryAfterMs } = error;
    this.#context.observer.refused(this.host, code, message, this.address);
    const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
    this.#effects.send({ kind: 'refuse', code, message, ...retry });
    this.#close(error.closeCode, code);
  }

  /** The socket is gone. */
  gone(): void {
    const wasOpen = this.#state !== 'new';
    this.#state = 'closed';
    if (wasOpen) this.#release();
  }

  #charge(samples: number): void {
    if (this.#state === 'open' && samples > 0) this.#context.rates.takeSamples(this.host, samples);
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof RefuseError)) throw error;
      this.refuse(error);
    }
  }

  #handle(frame: ReporterFrame | KnownShapeFrame): void {
    if (frame.kind === 'hello') return this.#onHello(frame);
    if (frame.kind === 'bye') return this.#onBye(frame.reason);
    if (this.#state !== 'open') {
      throw new RefuseError(
        'BAD_FRAME',
        `${frame.kind} came before ${this.#state === 'new' ? 'hello' : 'welcome'}`,
      );
    }
    if (frame.kind === 'batch') return this.#onBatch(frame);
    if (frame.kind === 'shape') return this.#shapes.declare(frame, this.host);
    return this.#onSkip(frame);
  }

  #onHello(hello: Hello): void {
    if (this.#state !== 'new') throw new RefuseError('BAD_FRAME', 'a second hello came on one connection');
    this.#hello = hello;
    const { clock, identity, voices } = this.#context;
    this.#skewMs = hello.clock - clock.now();
    const refusal = objectionTo(hello, this.#heardAt, this.#context);
    if (refusal !== null) throw refusal;
    const mustGrant = identity.mustGrant(hello);
    // Until a name is bound, anybody may bring it; it says nothing of the time then.
    if (mustGrant) this.#refuseWrongClock();
    else this.#compareClocks(hello.host);
    voices.claim(hello.host, this, this.#heardAt);
    if (!mustGrant) return this.#load(hello);
    this.#state = 'granting';
    this.#effects.grant(hello);
  }

  #compareClocks(host: string): void {
    this.#context.observer.greeted(host, this.#skewMs);
    this.#refuseWrongClock();
  }

  #load({ host, epoch }: Hello): void {
    this.#state = 'loading';
    this.#effects.load(host, epoch);
  }

  #refuseWrongClock(): void {
    if (this.#context.clockIsWrong()) throw wrongClock();
  }

  #open(): void {
    const { clock, limits, horizonMs, observer, address } = this.#context;
    if (this.#hello === null) return;
    this.#state = 'open';
    this.#acked = this.#settled;
    const now = clock.now();
    const given = this.#token === null ? {} : { token: this.#token };
    this.#token = null;
    const horizon = now - horizonMs();
    this.#effects.send({ kind: 'welcome', next: this.#next, clock: now, horizon, limits, ...given });
    observer.opened(this.#hello, address, this.#skewMs);
  }

  #onBatch(batch: Batch): void {
    const hash = contentHash(batch);
    if (batch.seq < this.#next) return this.#onRepeat(batch.seq, hash);
    if (batch.seq > this.#next) throw this.#gap(`batch ${batch.seq}`);
    const { clock, limits } = this.#context;
    // A batch that seems to be from the future must not be settled by a clock that was set back.
    if (batch.at > clock.now() + FUTURE_MS_MAX) this.#refuseWrongClock();
    const span = this.#times.missing(admittedGroups(batch, this.#shapes.byId));
    if (span !== null) {
      this.#held = [batch];
      return this.#effects.recall(this.host, this.#times, span);
    }
    const verdict = judgeBatch(
      batch,
      hash,
      this.#shapes.byId,
      this.#times,
      limits,
      clock.now(),
      this.#batchSeries,
    );
    this.#charge(verdict.cost);
    for (const { group, code, message, limit } of verdict.rejects) {
      const where = group === null ? {} : { group };
      this.#effects.send({ kind: 'reject', seq: batch.seq, ...where, code, message });
      this.#context.observer.rejected(this.host, code, message);
      if (limit !== undefined) this.#context.observer.limited(this.host, limit);
    }
    for (const [reason, samples] of verdict.drops) this.#context.observer.dropped(this.host, reason, samples);
    this.#append([verdict.entry]);
    this.#lastHash = hash;
  }

  #onRepeat(seq: number, hash: number): void {
    if (seq === this.#next - 1 && this.#lastHash !== 0 && hash !== this.#lastHash) {
      const message = `batch ${seq} is settled with another content: two reporters use copies of one spool, or an older copy was restored`;
      throw new RefuseError('SEQ_CONFLICT', message);
    }
    this.#ackAgain(seq);
  }

  /** The other end sends what is settled, so it may have missed the ack. */
  #ackAgain(seq: number): void {
    if (seq <= this.#settled) this.#acked = Math.min(this.#acked, seq - 1);
    this.ack();
  }

  #onSkip(skip: Skip): void {
    const { from, to } = skip;
    if (from > this.#next) throw this.#gap(`skip from ${from}`);
    if (to < this.#next) return this.#ackAgain(to);
    this.#append([skipEntry(skip, this.#next, this.#context.clock.now())]);
    this.#lastHash = 0;
  }

  #onBye(reason: string): void {
    const { host } = this;
    const left = reason === 'leave' && this.#state === 'open';
    this.#close(CLOSE_NORMAL, 'bye');
    if (!left) return;
    this.#context.times.delete(host);
    this.#context.observer.left(host);
  }

  #append(entries: readonly SettledEntry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    this.#next = lastSeq(last) + 1;
    this.#effects.append(this.host, this.epoch, entries);
  }

  #gap(what: string): RefuseError {
    return new RefuseError('SEQ_GAP', `${quote(what)} came where ${this.#next} is next`);
  }

  #close(code: number, reason: RefuseCode | string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#effects.close(code, reason);
    this.#release();
  }

  #release(): void {
    const { voices, observer } = this.#context;
    if (voices.of(this.host) !== this) return;
    voices.release(this.host, this);
    observer.closed(this.host);
  }
}
