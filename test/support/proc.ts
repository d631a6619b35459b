/** This machine's own figures, read as plainly as can be, to hold against what went through the whole system. */
import { readFileSync } from 'node:fs';

/** Linux's USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;

export function load1(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
}

export function memTotalBytes(): number {
  return Number(/^MemTotal:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
}

export function bootTimeSeconds(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
}

/** Seconds by `CPU/MODE`. */
export function cpuSeconds(): ReadonlyMap<string, number> {
  const lines = readFileSync('/proc/stat', 'utf8').matchAll(/^cpu(\d+) (.*)$/gm);
  return new Map(
    [...lines].flatMap(([, cpu, rest = '']) => {
      const ticks = rest.split(' ').map(Number);
      return CPU_MODES.map((mode, i): [string, number] => [
        `${cpu}/${mode}`,
        (ticks[i] ?? 0) / TICKS_PER_SECOND,
      ]);
    }),
  );
}

/** Collects the values that something takes until disposed, looking more often than it changes. */
export class Observed<T> implements Disposable {
  readonly values = new Set<T>();
  readonly #read: () => T;
  readonly #timer: NodeJS.Timeout;

  constructor(read: () => T, everyMs: number) {
    this.#read = read;
    this.values.add(read());
    this.#timer = setInterval(() => this.values.add(this.#read()), everyMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
