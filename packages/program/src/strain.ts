/**
 * How hard a program presses against its own limits of CPU and memory, as a level that what it can slow goes by. It rises by one
 * while a limit is passed for a while, and falls by one when it has been well below for longer. Where it has to rise again right
 * after that, the next fall takes twice as long: what was saved by slowing down may be more than what one level is.
 *
 * Memory is seldom given back, however little there is to do. So over that limit it is growth that counts: what a program
 * has taken for a while without taking more is no reason to slow down for ever.
 */

export interface StrainLimits {
  /** Share of one core, from 0 to 1; 0 for none. */
  readonly busy: number;
  /** Resident bytes; 0 for none. */
  readonly memoryBytes: number;
}

export interface StrainReading {
  /** Share of the time since the last reading in which it was at work. */
  readonly busy: number;
  readonly memoryBytes: number;
}

export type StrainCause = 'cpu' | 'memory';

export interface StrainParts {
  readonly limits: () => StrainLimits;
  readonly read: () => StrainReading;
  /** Monotonic, in ms. */
  readonly monotonic: () => number;
  /** Told of each change. @param cause null when it falls */
  readonly onChange: (level: number, cause: StrainCause | null, reading: StrainReading) => void;
}

export const STRAIN_LEVEL_MAX = 4;
/** How often to look. */
export const STRAIN_LOOK_MS = 10_000;
/** Passed for so long, it rises; and again after as long. */
export const STRAIN_RISE_MS = 30_000;
/** Well below for so long, it falls. */
export const STRAIN_FALL_MS = 120_000;
/** The most that becomes of it where it was too soon. */
export const STRAIN_FALL_MS_MAX = 16 * STRAIN_FALL_MS;
/** A rise within this time after a fall says that it was. */
const TOO_SOON_MS = 2 * STRAIN_FALL_MS;
/** What is well below: of CPU the next level down may take twice as much. */
const CALM_BUSY = 0.5;
const CALM_MEMORY = 0.9;
/** Over the limit, so much more than at the rise before is growth. */
const GROWTH = 1.1;

export class Strain {
  readonly #parts: StrainParts;
  #level = 0;
  #pressedSince: number | null = null;
  #calmSince: number | null = null;
  #fallMs = STRAIN_FALL_MS;
  #fellAt = Number.NEGATIVE_INFINITY;
  /** What it took when the level rose for it last; 0 for nothing. */
  #takenBytes = 0;
  #reading: StrainReading = { busy: 0, memoryBytes: 0 };

  constructor(parts: StrainParts) {
    this.#parts = parts;
  }

  /** From 0, which is none, to `STRAIN_LEVEL_MAX`. */
  get level(): number {
    return this.#level;
  }

  /** The last one. */
  get reading(): StrainReading {
    return this.#reading;
  }

  /** To be called every `STRAIN_LOOK_MS` or so. */
  look(): void {
    const now = this.#parts.monotonic();
    this.#reading = this.#parts.read();
    const { memoryBytes } = this.#reading;
    if (memoryBytes < this.#parts.limits().memoryBytes * CALM_MEMORY) this.#takenBytes = 0;
    const cause = this.#cause();
    this.#pressedSince = cause === null ? null : (this.#pressedSince ?? now);
    this.#calmSince = this.#isCalm() ? (this.#calmSince ?? now) : null;
    if (cause !== null && this.#pressedSince !== null && now - this.#pressedSince >= STRAIN_RISE_MS) {
      this.#pressedSince = now;
      if (cause === 'memory') this.#takenBytes = memoryBytes;
      const wasTooSoon = now - this.#fellAt < TOO_SOON_MS;
      this.#fallMs = wasTooSoon ? Math.min(this.#fallMs * 2, STRAIN_FALL_MS_MAX) : STRAIN_FALL_MS;
      this.#fellAt = Number.NEGATIVE_INFINITY;
      this.#go(1, cause);
    } else if (this.#calmSince !== null && now - this.#calmSince >= this.#fallMs) {
      this.#calmSince = now;
      if (this.#level > 0) this.#fellAt = now;
      this.#go(-1, null);
    }
  }

  #cause(): StrainCause | null {
    const limits = this.#parts.limits();
    const { busy, memoryBytes } = this.#reading;
    if (limits.memoryBytes > 0 && memoryBytes > this.#memoryBound(1)) return 'memory';
    return limits.busy > 0 && busy > limits.busy ? 'cpu' : null;
  }

  #isCalm(): boolean {
    const limits = this.#parts.limits();
    const { busy, memoryBytes } = this.#reading;
    const isIdle = limits.busy === 0 || busy < limits.busy * CALM_BUSY;
    return isIdle && (limits.memoryBytes === 0 || memoryBytes <= this.#memoryBound(CALM_MEMORY));
  }

  /** @param part of the limit; of what was taken before, always all */
  #memoryBound(part: number): number {
    return Math.max(this.#parts.limits().memoryBytes * part, this.#takenBytes * GROWTH);
  }

  #go(step: 1 | -1, cause: StrainCause | null): void {
    const level = Math.min(Math.max(this.#level + step, 0), STRAIN_LEVEL_MAX);
    if (level === this.#level) return;
    this.#level = level;
    this.#parts.onChange(level, cause, this.#reading);
  }
}
