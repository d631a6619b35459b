/**
 * One direction of one connection through the relay: bytes go in at one socket and come out at another, later and
 * slower where that is wished, never in another order.
 */
import type { Socket } from 'node:net';

/** How the relay is set at this moment; every piece is asked for anew. */
export interface PipeSettings {
  /** Each byte comes out so much later than it went in. */
  readonly delayMs: number;
  /** At most so many bytes a second come out; null for no bound. */
  readonly bytesPerSecond: number | null;
}

export interface PipeOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly settings: () => PipeSettings;
  /** While true, what comes in is swallowed, an end as well, and nothing comes out. */
  readonly isSwallowing: () => boolean;
  /**
   * Asked before bytes come out.
   * @returns how many of them may; fewer than asked means that the connection ends with these.
   */
  readonly onBytes: (bytes: number) => number;
  /** The connection has to end now: `onBytes` said so. */
  readonly onLimit: () => void;
}

/** What waits in a pipe; above it the sender is made to wait, as by a real network. */
const WAITING_BYTES_MAX = 256 * 1024;
/** Throttled bytes come out in pieces of about this long. */
const PIECE_MS = 20;

interface Waiting {
  /** Null is the end of the stream. */
  readonly bytes: Buffer | null;
  readonly dueMs: number;
}

export class Pipe {
  readonly #options: PipeOptions;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #isBlocked = false;
  #isOver = false;

  constructor(options: PipeOptions) {
    this.#options = options;
    const { from, to } = options;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => this.#take(null));
    to.on('drain', () => {
      this.#isBlocked = false;
      this.#pump();
    });
  }

  /** What waits goes nowhere any more. */
  destroy(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #take(bytes: Buffer | null): void {
    const { settings, isSwallowing, from } = this.#options;
    if (this.#isOver || isSwallowing()) return;
    this.#waiting.push({ bytes, dueMs: performance.now() + settings().delayMs });
    this.#waitingBytes += bytes?.length ?? 0;
    if (this.#waitingBytes > WAITING_BYTES_MAX) from.pause();
    this.#pump();
  }

  #pump(): void {
    if (this.#timer !== null || this.#isBlocked || this.#isOver) return;
    const { isSwallowing, settings } = this.#options;
    for (;;) {
      const first = this.#waiting[0];
      if (first === undefined) return;
      if (isSwallowing()) {
        this.#waiting = [];
        this.#leave(this.#waitingBytes);
        return;
      }
      const waitMs = first.dueMs - performance.now();
      if (waitMs > 0) return this.#later(waitMs);
      this.#waiting.shift();
      if (first.bytes === null) {
        this.#options.to.end();
        continue;
      }
      const { bytesPerSecond } = settings();
      const pieceMax = bytesPerSecond === null ? Infinity : Math.ceil((bytesPerSecond * PIECE_MS) / 1000);
      const piece = first.bytes.subarray(0, pieceMax);
      const rest = first.bytes.subarray(piece.length);
      if (rest.length > 0) this.#waiting.unshift({ bytes: rest, dueMs: first.dueMs });
      if (!this.#put(piece)) return;
      if (bytesPerSecond !== null) return this.#later((piece.length / bytesPerSecond) * 1000);
      if (this.#isBlocked) return;
    }
  }

  /** @returns false when the connection has ended with this. */
  #put(piece: Buffer): boolean {
    const { to, onBytes, onLimit } = this.#options;
    const allowed = onBytes(piece.length);
    if (allowed > 0 && !to.write(piece.subarray(0, allowed))) this.#isBlocked = true;
    this.#leave(piece.length);
    if (allowed === piece.length) return true;
    onLimit();
    return false;
  }

  #leave(bytes: number): void {
    this.#waitingBytes -= bytes;
    if (this.#waitingBytes <= WAITING_BYTES_MAX) this.#options.from.resume();
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#pump();
    }, ms);
  }
}
