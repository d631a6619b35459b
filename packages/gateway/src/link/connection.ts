/** The edge between one socket and its session: carries out effects, brings the ledger's answers back. */

import { encodeFrame } from '@tributary/shared/encode';
import { RefuseError } from '@tributary/shared/errors';
import type { GatewayFrame, Hello } from '@tributary/shared/frames';
import type { Ledger } from '../ledger/ledger.ts';
import { LedgerClosedError } from '../ledger/ledger.ts';
import { packed } from '../ledger/packed-batch.ts';
import type { HostTimes, RecallSpan } from './host-times.ts';
import type { SettledEntry } from './observer.ts';
import { recall } from './recall.ts';
import { Session } from './session.ts';
import type { SessionContext } from './session-context.ts';
import { Throttle } from './throttle.ts';

/** What a connection needs of a socket; `server.ts` gives it one of the `ws` package. */
export interface Wire {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Stops and starts reading, so that the other end feels the back-pressure. */
  pause(): void;
  resume(): void;
}

/** Above this much not yet durable, sockets are not read; below half of it they are again. */
export const PENDING_BYTES_MAX = 64 * 1024 * 1024;

export class Connection {
  readonly session: Session;
  readonly #context: SessionContext;
  readonly #ledger: Ledger;
  readonly #wire: Wire;
  readonly #onFault: (error: unknown) => void;
  readonly #throttle: Throttle;
  #ackDue = false;
  #paused = false;
  /** What the other end was asked for last. */
  #toldPaceMs = 0;

  /** @param onFault told of errors that are the gateway's own; the connection is closed with `CLOSE_INTERNAL`. */
  constructor(context: SessionContext, ledger: Ledger, wire: Wire, onFault: (error: unknown) => void) {
    this.#context = context;
    this.#ledger = ledger;
    this.#wire = wire;
    this.#onFault = onFault;
    const { rates, observer, uptimeMs } = context;
    this.#throttle = new Throttle({ rates, observer, uptimeMs, due: () => this.#applyPressure() });
    this.session = new Session(context, {
      send: (frame: GatewayFrame) => wire.send(encodeFrame(frame)),
      close: (code, reason) => wire.close(code, reason),
      grant: (hello) => void this.#grant(hello),
      load: (host, epoch) => void this.#load(host, epoch),
      recall: (host, times, span) => void this.#recall(host, times, span),
      // As payloads: of what was taken, these alone are to stay while they are on their way to the disk.
      append: (host, epoch, entries) => void this.#append(host, epoch, entries.map(packed)),
    });
  }

  receive(data: Buffer): void {
    try {
      this.session.receive(data);
    } catch (error) {
      this.#fault(error);
    }
    this.#applyPressure();
  }

  /** To be called about once a second. */
  tick(): void {
    this.#applyPressure();
    // A paused socket cannot be heard: its silence is ours.
    if (this.#paused) this.session.excuse();
    this.session.tick();
    this.reexamine();
    this.#tellPace();
  }

  /** On a new connection nothing was asked for yet. */
  #tellPace(): void {
    const paceMs = this.#context.paceMs();
    if (!this.session.isOpen || paceMs === this.#toldPaceMs) return;
    this.#toldPaceMs = paceMs;
    // The reporter samples at the slower of its own interval and this.
    this.#wire.send(encodeFrame({ kind: 'pace', intervalMs: Math.max(paceMs, 1) }));
  }

  /** Ends where the credential is no longer good: what is settled is acked first. */
  reexamine(): void {
    if (this.session.closed) return;
    const lapsed = this.#context.identity.lapsed();
    if (lapsed === null) return;
    this.session.ack();
    this.session.refuse(lapsed);
  }

  /** The socket is gone. */
  gone(): void {
    this.#throttle.end(this.session.host);
    this.session.gone();
  }

  /** The gateway goes down: what is settled is acked, then the other end is asked to come back later. */
  drain(retryAfterMs: number): void {
    this.session.ack();
    this.session.refuse(new RefuseError('DRAINING', 'the gateway is going down', retryAfterMs));
  }

  async #grant(hello: Hello): Promise<void> {
    try {
      this.session.granted(await this.#context.identity.grant(hello));
    } catch (error) {
      if (error instanceof RefuseError) this.session.refuse(error);
      else this.#fail(error);
    }
  }

  async #load(host: string, epoch: string): Promise<void> {
    try {
      // It waits for everything that an earlier connection of the host has handed over.
      this.session.loaded(await this.#ledger.stream(host, epoch));
    } catch (error) {
      this.#fail(error);
    }
  }

  async #recall(host: string, times: HostTimes, span: RecallSpan): Promise<void> {
    try {
      await recall(this.#ledger, host, times, span, this.#context.shapes);
      this.session.recalled();
    } catch (error) {
      this.#fail(error);
    }
    this.#applyPressure();
  }

  async #append(host: string, epoch: string, entries: readonly SettledEntry[]): Promise<void> {
    try {
      await this.#ledger.append(host, epoch, entries);
      this.#context.observer.settled(host, entries);
      this.session.settled(entries);
      this.#scheduleAck();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** One ack for everything that one group commit has settled. */
  #scheduleAck(): void {
    if (this.#ackDue) return;
    this.#ackDue = true;
    setImmediate(() => {
      this.#ackDue = false;
      // Held back, acks keep the other end's window full, so that what has to wait waits in its spool.
      if (!this.#throttle.isHolding) this.session.ack();
    });
  }

  #applyPressure(): void {
    const { pendingBytes } = this.#ledger.health;
    const mustWait = this.#isThrottled() || this.#context.isFull() || this.session.isRecalling;
    // A hello has a time to come in, and nothing of it is stored: unread, it would look like silence. After a close the other
    // end's is to be seen.
    if (!this.#paused && this.session.isGreeted && (mustWait || pendingBytes > PENDING_BYTES_MAX)) {
      this.#paused = true;
      this.#wire.pause();
    } else if (this.#paused && !mustWait && pendingBytes < PENDING_BYTES_MAX / 2) {
      this.#paused = false;
      this.#wire.resume();
    }
  }

  #isThrottled(): boolean {
    const wasHolding = this.#throttle.isHolding;
    if (this.session.isOpen) this.#throttle.look(this.session.host);
    else if (wasHolding) this.#throttle.end(this.session.host);
    if (wasHolding && !this.#throttle.isHolding) this.session.ack();
    return this.#throttle.isHolding;
  }

  #fail(error: unknown): void {
    // While going down the ledger closes under the last connections; the hosts have their batches still.
    if (error instanceof LedgerClosedError) this.drain(1000);
    else this.#fault(error);
  }

  /** Nothing more is taken from this connection, since nobody knows where it stands; the host comes again. */
  #fault(error: unknown): void {
    if (this.session.closed) return;
    this.#onFault(error);
    // What was taken may not have been kept: the ledger is to say how the host stands.
    this.#context.times.delete(this.session.host);
    this.gone();
  }
}
