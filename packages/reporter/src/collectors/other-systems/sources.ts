/** What collectors of other systems share: the programs and the child that they ask, each at its own pace. */
import { Latest, type Reading } from '../latest.ts';
import type { AskChild } from '../system-child/ask-child.ts';
import type { DiskReader } from './diskstats.ts';
import { Facts } from './facts.ts';
import { parseIoreg } from './ioreg-text.ts';
import { windowsSwap } from './meminfo.ts';
import {
  FREEBSD_NAMES,
  type MemoryValue,
  parseFreebsdSysctl,
  parseSwapUsage,
  parseVmStat,
} from './memory-text.ts';
import { type CountersReader, countersOfPackage } from './netdev.ts';
import { parseNetstat } from './netstat-text.ts';
import { isWindows } from './platforms.ts';
import type { RunProgram } from './run-program.ts';

export interface SourceOptions {
  readonly platform: string;
  readonly run: RunProgram;
  readonly ask: AskChild;
  readonly monotonic: () => number;
  readonly now: () => number;
}

/** Somewhat less than the usual interval, so that each of its ticks asks. Programs that take 10 ms may be asked so often. */
const PROGRAM_EVERY_MS = 9_000;
const PROGRAM_STALE_MS = 60_000;

export class SystemSources {
  readonly #options: SourceOptions;
  readonly facts: Facts;

  constructor(options: SourceOptions) {
    this.#options = options;
    this.facts = new Facts(options);
  }

  get platform(): string {
    return this.#options.platform;
  }

  counters(): CountersReader {
    const { platform, run } = this.#options;
    if (isWindows(platform)) return mapped(this.facts.reader('network'), countersOfPackage);
    // Names of interfaces are cut unless asked otherwise, which only FreeBSD can be.
    const flags = platform === 'freebsd' ? '-ibnW' : '-ibn';
    return this.#program(async () => parseNetstat(await run('netstat', [flags])));
  }

  /** Of macOS alone. */
  disks(): DiskReader {
    const { run } = this.#options;
    const args = ['-r', '-l', '-w', '0', '-d', '2', '-c', 'IOBlockStorageDriver'];
    return this.#program(async () => parseIoreg(await run('ioreg', args)));
  }

  memory(): (() => Promise<Reading<readonly MemoryValue[]>>) | null {
    const { platform, run } = this.#options;
    if (isWindows(platform)) return mapped(this.facts.reader('memory'), windowsSwap);
    if (platform === 'darwin') {
      return this.#program(async () => {
        const [pages, swap] = await Promise.all([run('vm_stat', []), run('sysctl', ['-n', 'vm.swapusage'])]);
        return [...parseVmStat(pages), ...parseSwapUsage(swap)];
      });
    }
    if (platform === 'freebsd') {
      return this.#program(async () => parseFreebsdSysctl(await run('sysctl', ['-i', ...FREEBSD_NAMES])));
    }
    return null;
  }

  #program<T>(ask: () => Promise<T>): () => Promise<Reading<T>> {
    const { monotonic, now } = this.#options;
    const latest = new Latest({ ask, everyMs: PROGRAM_EVERY_MS, staleMs: PROGRAM_STALE_MS, monotonic, now });
    return () => latest.read();
  }
}

function mapped<T>(
  read: () => Promise<Reading<unknown>>,
  map: (value: unknown) => T,
): () => Promise<Reading<T>> {
  return async () => {
    const reading = await read();
    return { ...reading, value: map(reading.value) };
  };
}
