/**
 * Time, put right at the source (docs/PROTOCOL.md, "Time").
 *
 * Two clocks: the wall clock, which people, NTP and dead batteries set, and a monotonic one of this boot that counts
 * through suspends and that nobody sets. What is kept is the offset between the two: the time of a moment is its
 * monotonic reading plus the offset. When the offset turns out to be wrong, every batch that has not left the host is
 * derived anew from it.
 *
 * - The wall clock is followed while it runs evenly. A step of more than a second gives a new offset.
 * - Where the wall clock and the gateway's differ by more than two minutes, the gateway's is used. Its offset is then
 *   kept, and changed only by more than two seconds, until the wall clock agrees with it.
 * - A step of the wall clock away from what the gateway said is not followed at all.
 */

/** A monotonic clock of this boot, in whole ms, that counts through suspends. */
export interface BootClock {
  /** Names this boot. */
  readonly boot: string;
  now(): number;
}

/** A change of the offset by more than this is a step. */
export const STEP_MS = 1_000;
const GATEWAY_DISAGREES_MS = 120_000;
const GATEWAY_CHANGE_MS = 2_000;

export class Timekeeper {
  readonly #wall: () => number;
  readonly #bootClock: BootClock;
  #offset: number;
  #follows: 'wall' | 'gateway' = 'wall';
  /** What the gateway said last, as an offset; null before the first welcome of this boot. */
  #gatewayOffset: number | null = null;
  /** True after the gateway has found times of the wall clock too far ahead. */
  #isDoubted = false;

  /** @param known what a gateway said to an earlier process; it holds for the same boot. */
  constructor(
    wall: () => number,
    bootClock: BootClock,
    known: { boot: string; offset: number } | null = null,
  ) {
    this.#wall = wall;
    this.#bootClock = bootClock;
    this.#offset = wall() - bootClock.now();
    if (known === null || known.boot !== bootClock.boot) return;
    this.#gatewayOffset = known.offset;
    if (this.#isBelievable(this.#offset)) return;
    this.#follows = 'gateway';
    this.#offset = known.offset;
  }

  get boot(): string {
    return this.#bootClock.boot;
  }

  get offset(): number {
    return this.#offset;
  }

  /** What the gateway said last; null before the first welcome of this boot. */
  get gatewayClock(): { boot: string; offset: number } | null {
    return this.#gatewayOffset === null ? null : { boot: this.boot, offset: this.#gatewayOffset };
  }

  /** True once a gateway has said what time it is. */
  get isSure(): boolean {
    return this.#gatewayOffset !== null;
  }

  /** What is added to the host's own clock, in ms; 0 while it is followed. */
  get correctionMs(): number {
    return this.#follows === 'wall' ? 0 : this.#offset - this.#wallOffset();
  }

  now(): number {
    return this.#bootClock.now() + this.#offset;
  }

  /** This moment, as a batch is stamped. */
  moment(): { at: number; boot: string; mono: number } {
    const mono = this.#bootClock.now();
    return { at: mono + this.#offset, boot: this.boot, mono };
  }

  /**
   * Looks at the wall clock; to be called at every tick.
   * @returns true when the offset has stepped, so that what has not been sent is to be restated.
   */
  observe(): boolean {
    const before = this.#offset;
    const wallOffset = this.#wallOffset();
    if (this.#follows === 'gateway') this.#followWallIfAgreed(wallOffset);
    else if (!differ(wallOffset, before, STEP_MS) || this.#isBelievable(wallOffset)) {
      this.#offset = wallOffset;
    } else this.#follows = 'gateway';
    return differ(this.#offset, before, STEP_MS);
  }

  /**
   * Takes the gateway's clock.
   * @param clock what welcome said.
   * @param roundTripMs from hello's leaving to welcome's coming.
   * @returns true as `observe` does.
   */
  welcome(clock: number, roundTripMs: number): boolean {
    const gatewayOffset = clock + Math.round(roundTripMs / 2) - this.#bootClock.now();
    this.#gatewayOffset = gatewayOffset;
    const before = this.#offset;
    const wallOffset = this.#wallOffset();
    if (this.#follows === 'gateway') {
      if (!this.#followWallIfAgreed(wallOffset) && differ(gatewayOffset, before, GATEWAY_CHANGE_MS)) {
        this.#offset = gatewayOffset;
      }
    } else if (this.#isBelievable(wallOffset)) {
      // It may have stepped since the last tick, and what is unsent is about to be sent.
      this.#offset = wallOffset;
    } else {
      this.#follows = 'gateway';
      this.#offset = gatewayOffset;
    }
    return differ(this.#offset, before, STEP_MS);
  }

  /**
   * The gateway rejected a time as too far ahead. The two clocks may have drifted apart on a long connection, from within
   * the two minutes to beyond; at the next welcome the wall clock is believed only if it agrees.
   */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** False when the gateway has said otherwise. */
  #isBelievable(wallOffset: number): boolean {
    if (this.#gatewayOffset === null) return true;
    return !differ(
      wallOffset,
      this.#gatewayOffset,
      this.#isDoubted ? GATEWAY_CHANGE_MS : GATEWAY_DISAGREES_MS,
    );
  }

  #followWallIfAgreed(wallOffset: number): boolean {
    if (this.#gatewayOffset === null || differ(wallOffset, this.#gatewayOffset, GATEWAY_CHANGE_MS))
      return false;
    this.#follows = 'wall';
    this.#isDoubted = false;
    this.#offset = wallOffset;
    return true;
  }

  #wallOffset(): number {
    return this.#wall() - this.#bootClock.now();
  }
}

function differ(a: number, b: number, byMoreThanMs: number): boolean {
  return Math.abs(a - b) > byMoreThanMs;
}
