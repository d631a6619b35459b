/** What the options say of collectors, made into a sampler; and made anew when they say something else. */
import { isDeepStrictEqual } from 'node:util';
import { systemClock } from '@tributary/shared/clock';
import { buildInfo } from './build-info.ts';
import type { Collector } from './collectors/collector.ts';
import { createCollectors } from './collectors/list.ts';
import { Lane } from './collectors/slow-reads.ts';
import type { ReporterOptions } from './config.ts';
import type { Log } from './log.ts';
import { createCounters, type ReporterCounters } from './own-series.ts';
import { Sampler, type SamplerSetup } from './sampler/sampler.ts';
import { VERSION } from './version.ts';

export interface SamplerParts {
  /** Those in effect, read anew at each `setup`. */
  readonly options: ReporterOptions;
  readonly log: Log;
  /** True when there will be one tick only. */
  readonly once?: boolean;
}

/** The collectors that the options choose. One whose own options stay as they were stays the same object. */
export class ChosenCollectors {
  readonly #parts: SamplerParts;
  readonly #lane = new Lane();
  #known: ReadonlyMap<string, { readonly collector: Collector; readonly settings: unknown }> = new Map();

  constructor(parts: SamplerParts) {
    this.#parts = parts;
  }

  /** @param others besides those that the options choose */
  setup(others: readonly Collector[]): SamplerSetup {
    const { label, collectorIntervals } = this.#parts.options;
    return {
      collectors: [...this.#choose(), ...others],
      labels: { job: 'node', ...Object.fromEntries(label) },
      intervalOf: (collector) => collectorIntervals.get(collector) ?? 0,
    };
  }

  #choose(): readonly Collector[] {
    const chosen = this.#create().map((collector) => {
      const settings = this.#settingsOf(collector.name);
      const known = this.#known.get(collector.name);
      return isDeepStrictEqual(known?.settings, settings) && known !== undefined
        ? known
        : { collector, settings };
    });
    this.#known = new Map(chosen.map((each) => [each.collector.name, each]));
    return chosen.map(({ collector }) => collector);
  }

  #create(): readonly Collector[] {
    const { options, log, once = false } = this.#parts;
    return createCollectors({
      roots: { proc: options['path.procfs'], sys: options['path.sysfs'], root: options['path.rootfs'] },
      platform: process.platform,
      enabled: options.collectors,
      settings: options.collectorSettings,
      now: () => systemClock.now(),
      once,
      lane: this.#lane,
      warnOfFile: (path, reason) => log.warn({ path, reason }, 'a textfile is not served'),
    });
  }

  #settingsOf(name: string): unknown {
    const prefix = `collector.${name}.`;
    return Object.entries(this.#parts.options.collectorSettings).filter(([option]) =>
      option.startsWith(prefix),
    );
  }
}

/** @param counters for what collectors had and is not told */
export function createSampler(
  setup: SamplerSetup,
  log: Log,
  counters: Pick<ReporterCounters, 'leftOut'> = createCounters(),
): Sampler {
  const toldOf = new Map<string, string>();
  return new Sampler({
    ...setup,
    buildInfo: buildInfo(VERSION),
    monotonic: () => performance.now(),
    onOutcome: (collector, error) => {
      if (error === null) log.info({ collector }, 'collector recovered');
      else log.warn({ collector, error: error.message }, 'collector failed');
    },
    onLeftOut: (collector, { series, reason }) => {
      counters.leftOut.set(collector, (counters.leftOut.get(collector) ?? 0) + series);
      if (toldOf.get(collector) === reason) return;
      toldOf.set(collector, reason);
      log.warn({ collector, series, reason }, 'series of a collector are left out');
    },
  });
}

/** A sampler of the chosen collectors alone. */
export function createPlainSampler(parts: SamplerParts): Sampler {
  return createSampler(new ChosenCollectors(parts).setup([]), parts.log);
}
