/**
 * How often is committed. At rest at once; a group that would come right behind another one waits a moment for others to join it, since
 * each costs an fsync and two messages between threads, however little is in it. A thousand hosts that send every 10 s would make a
 * hundred of them a second.
 */
import type { Task } from './tasks.ts';

/** From the begin of one commit to that of the next; a twentieth of what an ack may take. */
export const COMMIT_EVERY_MS = 25;
/** What waits for no more: whoever sends a backlog has a window, and stands still once that is full. */
const HURRY_BYTES = 256 * 1024;

export class CommitPace {
  readonly #nowMs: () => number;
  readonly #due: () => void;
  #begunMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  /** @param due told when what was to wait has waited long enough */
  constructor(nowMs: () => number, due: () => void) {
    this.#nowMs = nowMs;
    this.#due = due;
  }

  /** A commit begins. */
  begun(): void {
    this.#begunMs = this.#nowMs();
    this.end();
  }

  /** Whether what is in the queue, of so many bytes, is to wait; then `due` is told later. A request does not wait behind appends. */
  waits(queue: readonly Task[], bytes: number): boolean {
    const leftMs = this.#begunMs + COMMIT_EVERY_MS - this.#nowMs();
    if (leftMs <= 0 || bytes >= HURRY_BYTES || queue.some(({ kind }) => kind === 'request')) return false;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#due();
    }, Math.ceil(leftMs));
    return true;
  }

  /** Nothing is told any more. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
