/** The two clocks of a virtual host: a wall clock that a test may set, and a boot clock that nobody can. */
import { uptime } from 'node:os';
import { systemClock } from '@tributary/shared/clock';
import type { BootClock } from '../../../packages/reporter/src/sampler/timekeeper.ts';

/** A virtual machine was started long before what it writes as its history. */
export const BOOTED_BEFORE_MS = 30 * 24 * 3_600_000;

export class HostClock implements BootClock {
  #boot: number;
  #bootedAtMs: number;
  /** What the wall clock is ahead of this machine's. */
  #offsetMs: number;

  /**
   * @param boot counts the host's boots. The first is common to all processes on this machine, so that a simulator
   *   that is started anew finds its hosts still running; a later one begins with this process.
   */
  constructor(offsetMs: number, boot: number) {
    this.#offsetMs = offsetMs;
    this.#boot = boot;
    this.#bootedAtMs = boot === 0 ? -BOOTED_BEFORE_MS : machineMs();
  }

  get boot(): string {
    return `boot-${this.#boot}`;
  }

  now(): number {
    return machineMs() - this.#bootedAtMs;
  }

  wall(): number {
    return systemClock.now() + this.#offsetMs;
  }

  /** Someone sets the wall clock, by so much; forward or back. */
  step(ms: number): void {
    this.#offsetMs += ms;
  }

  reboot(): void {
    this.#boot++;
    this.#bootedAtMs = machineMs();
  }
}

/** What the reporter's own boot clock reads: it goes on over restarts of a process. */
function machineMs(): number {
  return Math.round(uptime() * 1000);
}
