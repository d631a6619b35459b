/**
 * What the reporter does when it takes more of its host than `--limits.cpu-percent` or `--limits.memory` allow: ticks and scrapes
 * of targets come half as often, and half as often again, until it is within them.
 */
import { STRAIN_LEVEL_MAX, STRAIN_LOOK_MS, Strain } from '@tributary/program/strain';
import { formatSize } from '@tributary/shared/units';
import type { ReporterOptions } from './config.ts';
import type { Log } from './log.ts';

export interface Straining {
  /** From 0, which is none, to `STRAIN_LEVEL_MAX`. */
  readonly level: number;
  /** What intervals are multiplied by: 1, 2, 4 and so on. */
  readonly slowdown: number;
  stop(): void;
}

const WHAT = 'it samples the host, and scrapes its targets, less often';
const PRESSED = {
  cpu: `the reporter takes more of a core than --limits.cpu-percent allows: ${WHAT}; switch collectors or targets off, or allow it more`,
  memory: `the reporter takes more than --limits.memory: ${WHAT}; switch collectors or targets off, or allow it more`,
};
const EASED = 'the reporter is within its limits; it samples more often again';

export function createStraining(
  options: Pick<ReporterOptions, 'limits.cpu-percent' | 'limits.memory'>,
  log: Pick<Log, 'warn'>,
): Straining {
  let before = { cpu: process.cpuUsage(), at: performance.now() };
  const strain = new Strain({
    limits: () => ({
      busy: options['limits.cpu-percent'] / 100,
      memoryBytes: options['limits.memory'],
    }),
    read: () => {
      const { user, system } = process.cpuUsage(before.cpu);
      const at = performance.now();
      const busy = (user + system) / 1000 / Math.max(at - before.at, 1);
      before = { cpu: process.cpuUsage(), at };
      return { busy, memoryBytes: process.memoryUsage.rss() };
    },
    monotonic: () => performance.now(),
    onChange: (level, cause, { busy, memoryBytes }) =>
      log.warn(
        {
          // Not `level`, which is the log's own.
          ...{ strain: level, strainMax: STRAIN_LEVEL_MAX, cause },
          cpuPercent: Math.round(busy * 1000) / 10,
          memory: formatSize(memoryBytes),
        },
        cause === null ? EASED : PRESSED[cause],
      ),
  });
  const timer = setInterval(() => strain.look(), STRAIN_LOOK_MS);
  timer.unref();
  return {
    get level() {
      return strain.level;
    },
    get slowdown() {
      return 2 ** strain.level;
    },
    stop: () => clearInterval(timer),
  };
}
