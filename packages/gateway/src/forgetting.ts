/** How a host is forgotten: by the ledger, the fleet, every scraper, and whatever else is kept by its name. */
import type { Scrapers } from './exposition/replay/scrapers.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Log } from './telemetry/log.ts';

export interface ForgettingParts {
  readonly ledger: Pick<Ledger, 'forget'>;
  readonly fleet: Pick<Fleet, 'forget'>;
  readonly scrapers: Pick<Scrapers, 'leaving'>;
  /** What else is remembered by host, and goes with it. */
  readonly times: { delete(host: string): unknown };
  readonly log: Pick<Log, 'info'>;
}

/**
 * Waits for the disk. A host that comes again meanwhile is answered behind this, and is a new one.
 * @param told what the log is to say when it is done
 * @param by whose wish it was; nobody's when it is missing
 */
export type Forget = (host: string, told: string, by?: string) => Promise<void>;

export function createForget({ ledger, fleet, scrapers, times, log }: ForgettingParts): Forget {
  const underWay = new Map<string, Promise<void>>();
  const forget: Forget = async (host, told, by) => {
    const left = scrapers.leaving(host);
    try {
      await ledger.forget(host);
    } catch (error) {
      left(false);
      throw error;
    }
    left(true);
    // Not before: what the host had sent was still on its way to the disk, and would have brought it back.
    fleet.forget(host);
    times.delete(host);
    log.info(by === undefined ? { host } : { host, by }, told);
  };
  return (host, told, by) => {
    // One after the other, the second would take what has come since the first.
    const known = underWay.get(host);
    if (known !== undefined) return known;
    const forgetting = forget(host, told, by).finally(() => underWay.delete(host));
    underWay.set(host, forgetting);
    return forgetting;
  };
}
