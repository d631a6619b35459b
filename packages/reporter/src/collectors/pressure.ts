/** node_pressure_* from `/proc/pressure`: how long tasks stood still for want of CPU, memory or I/O. */
import { join } from 'node:path';
import { type Collector, NoDataError, type Roots } from './collector.ts';
import { badLine, eachLine, numberIn, parseOptional } from './source.ts';

const MICROSECONDS_PER_SECOND = 1e6;

/** Seconds since boot; null for a line that the file does not have. */
export interface Pressure {
  readonly some: number | null;
  readonly full: number | null;
}

/** Lines such as `some avg10=0.00 avg60=0.00 avg300=0.00 total=1500`. */
export function parsePressure(text: string): Pressure {
  const seconds = new Map<string, number>();
  eachLine(text, (line) => {
    const space = line.indexOf(' ');
    const total = line.lastIndexOf(' total=');
    if (space <= 0 || total < 0) throw badLine('expected "some|full … total=number"', line);
    const word = line.slice(total + ' total='.length);
    seconds.set(line.slice(0, space), numberIn(word, line) / MICROSECONDS_PER_SECOND);
  });
  return { some: seconds.get('some') ?? null, full: seconds.get('full') ?? null };
}

interface PressureFamily {
  readonly file: string;
  readonly kind: keyof Pressure;
  readonly name: string;
  readonly help: string;
}

const FAMILIES: readonly PressureFamily[] = [
  {
    file: 'cpu',
    kind: 'some',
    name: 'cpu_waiting',
    help: 'Total time in seconds that processes have waited for CPU time',
  },
  {
    file: 'io',
    kind: 'some',
    name: 'io_waiting',
    help: 'Total time in seconds that processes have waited due to IO congestion',
  },
  {
    file: 'io',
    kind: 'full',
    name: 'io_stalled',
    help: 'Total time in seconds no process could make progress due to IO congestion',
  },
  {
    file: 'memory',
    kind: 'some',
    name: 'memory_waiting',
    help: 'Total time in seconds that processes have waited for memory',
  },
  {
    file: 'memory',
    kind: 'full',
    name: 'memory_stalled',
    help: 'Total time in seconds no process could make progress due to memory congestion',
  },
  {
    file: 'irq',
    kind: 'full',
    name: 'irq_stalled',
    help: 'Total time in seconds no process could make progress due to IRQ congestion',
  },
];

export function createPressureCollector(roots: Roots): Collector {
  const folder = join(roots.proc, 'pressure');
  return {
    name: 'pressure',
    collect(out) {
      // A kernel booted with psi=0 has the files, but does not let them be read; irq is there from 6.1 on, if at all.
      const read = new Map(
        ['cpu', 'io', 'memory', 'irq'].map((file) => [
          file,
          parseOptional(join(folder, file), parsePressure),
        ]),
      );
      if ([...read.values()].every((pressure) => pressure === null)) {
        throw new NoDataError('the kernel does not measure pressure (CONFIG_PSI, or psi=1 at boot)');
      }
      for (const { file, kind, name, help } of FAMILIES) {
        const seconds = read.get(file)?.[kind] ?? null;
        if (seconds === null) continue;
        out.family(`node_pressure_${name}_seconds_total`, 'counter', help);
        out.add(seconds);
      }
    },
  };
}
