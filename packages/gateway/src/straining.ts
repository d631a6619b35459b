/**
 * What the gateway does when it presses against `--limits.cpu-percent` or `--limits.memory`: hosts are asked to report less
 * often, and a scrape brings less of a backlog, until there is room again. Nothing is lost by it: samples come less often,
 * and a backlog later.
 */
import { totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';
import { constrainedMemory } from 'node:process';
import { STRAIN_LEVEL_MAX, STRAIN_LOOK_MS, Strain } from '@tributary/program/strain';
import { formatDuration, formatSize } from '@tributary/shared/units';
import type { GatewayOptions } from './config.ts';
import type { Log } from './telemetry/log.ts';

/** By level, from 1 on. */
const PACES_MS = [30_000, 60_000, 120_000, 120_000];
/** Of `--fleet.stale-after`: a host that does as it is asked, and whose one report is lost, is still shown. */
const STALE_PART = 0.4;
/** Whoever was away for a while, or has just started, has much to catch up with, and is meant to be busy. */
const GRACE_MS = 180_000;
/** Of what there is, where no limit is set. */
const MEMORY_PART = 0.8;

export interface Straining {
  /** From 0, which is none, to `STRAIN_LEVEL_MAX`. */
  readonly level: number;
  /** How often hosts are asked to report, in ms; 0 for as they like. */
  readonly paceMs: number;
  readonly memoryLimitBytes: number;
  stop(): void;
}

export function createStraining(
  options: Pick<GatewayOptions, 'limits.cpu-percent' | 'limits.memory' | 'fleet.stale-after'>,
  log: Pick<Log, 'warn'>,
  uptimeMs: () => number,
): Straining {
  const memoryLimit = () => options['limits.memory'] || availableBytes() * MEMORY_PART;
  const paceMs = (level: number) =>
    Math.min(PACES_MS[level - 1] ?? 0, Math.floor((options['fleet.stale-after'] * STALE_PART) / 1000) * 1000);
  let before = performance.eventLoopUtilization();
  const strain = new Strain({
    limits: () => ({ busy: options['limits.cpu-percent'] / 100, memoryBytes: memoryLimit() }),
    read: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return { busy: uptimeMs() < GRACE_MS ? 0 : utilization, memoryBytes: process.memoryUsage.rss() };
    },
    monotonic: uptimeMs,
    onChange: (level, cause, { busy, memoryBytes }) =>
      log.warn(
        {
          // Not `level`, which is the log's own.
          ...{ strain: level, strainMax: STRAIN_LEVEL_MAX, cause },
          busyPercent: Math.round(busy * 100),
          memory: formatSize(memoryBytes),
          pace: level === 0 ? null : formatDuration(paceMs(level)),
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
    get paceMs() {
      return paceMs(strain.level);
    },
    get memoryLimitBytes() {
      return memoryLimit();
    },
    stop: () => clearInterval(timer),
  };
}

const SLOWED = 'hosts are asked to report less often, and a scrape brings less of a backlog';
const EASED = 'there is room again; hosts may report more often';
const PRESSED = {
  cpu: `the event loop is busier than --limits.cpu-percent allows: ${SLOWED}; give the gateway a quicker machine, or fewer hosts`,
  memory: `the gateway takes more than --limits.memory: ${SLOWED}; give it more memory, or fewer hosts`,
};

/** What the machine has, or the control group that the gateway is in. */
function availableBytes(): number {
  const constrained = constrainedMemory();
  // Without a limit it is a number beyond all memory, or nothing.
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}
