/**
 * How often is committed. At rest at once; a group that would come right behind another one waits a moment for others to join it, since
 * each costs an fsync and two messages between threads, however little is in it. A thousand hosts that send every 10 s would make a
 * hundred of them a second.
 */
import type { AppendTask, Task } from './tasks.ts';

/** From the begin of one commit to that of the next; a twentieth of what an ack may take. */
export const COMMIT_EVERY_MS = 25;
/** What waits for no more. */
const HURRY_BYTES = 256 * 1024;

export class CommitPace {
  readonly #nowMs: () => number;
  readonly #due: () => void;
  #begunMs = Number.NEGATIVE_INFINITY;
  /** Of the last commit. */
  #hosts: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | null = null;

  /** @param due told when what was to wait has waited long enough */
  constructor(nowMs: () => number, due: () => void) {
    this.#nowMs = nowMs;
    this.#due = due;
  }

  /** A commit of these begins. */
  begun(group: readonly AppendTask[]): void {
    this.#begunMs = this.#nowMs();
    this.#hosts = new Set(group.map(({ append }) => append.host));
    this.end();
  }

  /**
   * Whether what is in the queue, of so many bytes, is to wait; then `due` is told later. Not so with a request, which must not wait
   * behind appends, or with a host that was in the last commit: it has more where that came from, and may stand still until it is acked.
   */
  waits(queue: readonly Task[], bytes: number): boolean {
    const leftMs = this.#begunMs + COMMIT_EVERY_MS - this.#nowMs();
    if (leftMs <= 0 || bytes >= HURRY_BYTES) return false;
    if (queue.some((task) => task.kind === 'request' || this.#hosts.has(task.append.host))) return false;
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
