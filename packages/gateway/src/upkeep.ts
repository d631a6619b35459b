/** What is done now and then: stale points go, lost hosts are forgotten, the ledger makes room. */
import { systemClock } from '@tributary/shared/clock';
import type { GatewayOptions } from './config.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Log } from './telemetry/log.ts';
import type { GatewayMetrics } from './telemetry/metrics.ts';

const EXPIRE_EVERY_MS = 5_000;
const TRIM_EVERY_MS = 30_000;

const TOO_SMALL =
  'the ledger passed --storage.retention.size: entries younger than --storage.retention.time were removed; give it more room or a shorter time';

export interface UpkeepParts {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly options: GatewayOptions;
  readonly log: Log;
  readonly metrics: Pick<GatewayMetrics, 'trimmed'>;
}

export function startUpkeep({ fleet, ledger, options, log, metrics }: UpkeepParts): { stop(): void } {
  const tell = (what: string) => (error: Error) => log.error({ error: error.message }, what);
  const expire = async () => {
    for (const host of fleet.expire()) {
      // The one before may have taken its time, and this one may have come back.
      if (!fleet.isForgettable(host)) continue;
      fleet.forget(host);
      await ledger.forget(host);
      log.info({ host }, 'host was not seen for long and is forgotten');
    }
  };
  let trimming = false;
  const trim = async () => {
    // A clock that is wrong must not decide what is old.
    if (trimming || fleet.clockIsWrong()) return;
    trimming = true;
    try {
      const { age, size } = await ledger.trim({
        olderThan: systemClock.now() - options['storage.retention.time'],
        bytesMax: options['storage.retention.size'],
      });
      metrics.trimmed('age', age);
      metrics.trimmed('size', size);
      if (age > 0) log.debug({ removed: age }, 'ledger trimmed');
      if (size > 0) log.warn({ removed: size, bytesMax: options['storage.retention.size'] }, TOO_SMALL);
    } finally {
      trimming = false;
    }
  };
  const timers = [
    setInterval(() => expire().catch(tell('cannot forget hosts')), EXPIRE_EVERY_MS),
    setInterval(() => trim().catch(tell('cannot trim the ledger')), TRIM_EVERY_MS),
  ];
  return { stop: () => timers.forEach(clearInterval) };
}
