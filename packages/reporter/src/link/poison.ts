/**
 * Batches that a gateway will not take. A gateway that closes the connection on purpose three times while the same
 * batch is the first unacked one cannot digest it; the batch is then passed by `skip`, so that one bad batch never
 * stops a host for good.
 *
 * Only closes that lay the blame on what was sent are counted. A connection that merely broke (1006), a gateway that
 * goes down or a host's other voice say nothing about the batch, and passing it then would lose good samples.
 */
import { CLOSE_CODES, CLOSE_INTERNAL } from '@tributary/shared/close-codes';

const CLOSES_MAX = 3;

/** RFC 6455: protocol error, unsupported data, invalid payload, policy violation, message too big. */
const BLAMING: ReadonlySet<number> = new Set([
  1002,
  1003,
  1007,
  1008,
  1009,
  CLOSE_INTERNAL,
  CLOSE_CODES.BAD_FRAME,
  CLOSE_CODES.FRAME_TOO_LARGE,
  CLOSE_CODES.SHAPE_CONFLICT,
]);

export class Poison {
  #suspect = 0;
  #closes = 0;
  readonly #passed = new Set<number>();

  /**
   * A connection was closed.
   * @param first the first unacked seq that had been sent; null for none.
   * @returns true when the close blames what was sent, so that another try makes sense.
   */
  closed(code: number, first: number | null): boolean {
    if (!BLAMING.has(code) || first === null) return false;
    this.#closes = first === this.#suspect ? this.#closes + 1 : 1;
    this.#suspect = first;
    if (this.#closes >= CLOSES_MAX) this.#passed.add(first);
    return true;
  }

  /** True for a batch that is to be passed. */
  has(seq: number): boolean {
    return this.#passed.has(seq);
  }

  /** Forgets everything up to an acked seq, or all of it with a new epoch. */
  settled(seq: number): void {
    for (const passed of this.#passed) if (passed <= seq) this.#passed.delete(passed);
    if (this.#suspect <= seq) this.#closes = 0;
  }
}
