/** Watches what a process takes: its resident memory while it runs, and the processor's time. */
import { readFileSync } from 'node:fs';

/** Linux's USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const EVERY_MS = 250;
const KIB = 1024;

export interface ProcessFigures {
  readonly maxBytes: number;
  readonly lastBytes: number;
  /** Since this began. */
  readonly cpuSeconds: number;
  readonly seconds: number;
}

export class Memory implements Disposable {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  readonly #cpuBefore: number;
  #maxBytes = 0;
  #lastBytes = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#cpuBefore = cpuSecondsOf(pid);
    this.#look();
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** @throws the system's error where the process is gone. */
  figures(): ProcessFigures {
    this.#look();
    return {
      maxBytes: this.#maxBytes,
      lastBytes: this.#lastBytes,
      cpuSeconds: Math.round((cpuSecondsOf(this.#pid) - this.#cpuBefore) * 10) / 10,
      seconds: Math.round((performance.now() - this.#startedAt) / 100) / 10,
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8');
      this.#lastBytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * KIB;
      this.#maxBytes = Math.max(this.#maxBytes, this.#lastBytes);
    } catch {
      // It has ended, which is for the test to notice.
    }
  }
}

function cpuSecondsOf(pid: number): number {
  // The name in parentheses may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
