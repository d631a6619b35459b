/** Whether the reporter does what it is there for: it samples, and the spool takes what it has. */
import { formatDuration } from '@tributary/shared/units';

/** Without a sample for so many intervals it is not ready. */
const INTERVALS_MAX = 3;

export class Standing {
  readonly #intervalMs: () => number;
  readonly #monotonic: () => number;
  #sampledAt: number | null = null;
  #fault = '';
  #tick = 0;

  constructor(intervalMs: () => number, monotonic = () => performance.now()) {
    this.#intervalMs = intervalMs;
    this.#monotonic = monotonic;
  }

  /** To be called at each tick. @param fault why the spool did not take it; '' when it did */
  note(fault: string): void {
    this.#sampledAt = this.#monotonic();
    this.#fault = fault;
    this.#tick++;
  }

  /** How often the host was sampled. */
  get tick(): number {
    return this.#tick;
  }

  /** How long ago the host was sampled, in ms; null while it was not. */
  get sampledAgoMs(): number | null {
    return this.#sampledAt === null ? null : this.#monotonic() - this.#sampledAt;
  }

  /** Null when ready, else why not. */
  get notReady(): string | null {
    const agoMs = this.sampledAgoMs;
    if (agoMs === null) return 'the host was not sampled yet';
    if (agoMs > INTERVALS_MAX * this.#intervalMs())
      return `the host was not sampled for ${formatDuration(Math.round(agoMs / 1000) * 1000)}`;
    return this.#fault === '' ? null : `the spool takes nothing: ${this.#fault}`;
  }
}
