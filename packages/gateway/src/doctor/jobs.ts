/** Which of Prometheus's targets are the gateway's, and what each asks for. */
import { isLoopbackName } from '@tributary/shared/loopback';
import { parseDuration, parseSize } from '@tributary/shared/units';
import type { GatewayFacts } from './gateway-facts.ts';
import type { JobConfig } from './prometheus-config.ts';
import type { PrometheusFacts, TargetFacts } from './prometheus-facts.ts';

/** A scrape job that asks the gateway. */
export interface GatewayJob {
  readonly name: string;
  /** Null where it is not in the main file. */
  readonly config: JobConfig | null;
  readonly targets: readonly TargetFacts[];
}

/** How a target asks: the parameters of its URL. */
export interface Asked {
  /** '' without one. */
  readonly scraper: string;
  readonly matches: string;
  /** '' for all hosts. */
  readonly hosts: string;
  readonly windowMs: number | null;
  readonly pointsMax: number | null;
  readonly bytesMax: number | null;
  readonly order: string;
  readonly replays: boolean;
  readonly proxied: boolean;
}

export function askedBy({ url: { searchParams: params } }: Pick<TargetFacts, 'url'>): Asked {
  const points = Number(params.get('max_points') ?? Number.NaN);
  return {
    scraper: params.get('scraper') ?? '',
    matches: params.getAll('match[]').sort().join('\n'),
    hosts: [...params.getAll('host').sort(), ...params.getAll('shard')].join('\n'),
    windowMs: parseDuration(params.get('window') ?? '') ?? null,
    pointsMax: points > 0 ? points : null,
    bytesMax: parseSize(params.get('max_bytes') ?? '') ?? null,
    order: params.get('order') ?? '',
    replays: params.get('replay') === '1',
    proxied: params.get('proxied') === '1',
  };
}

/**
 * Prometheus may know the gateway by another address than this machine does. So where no target has one of the gateway's
 * addresses, those count that ask as one of its scrapers, and else those that have brought a gateway's series.
 * @param job as the user names it; '' for any
 * @param gateways `instance` of the gateways whose series Prometheus has
 */
export function targetsOf(
  targets: readonly TargetFacts[],
  gateway: Pick<GatewayFacts, 'url' | 'flags' | 'scrapers'>,
  gateways: ReadonlySet<string>,
  job: string,
): readonly TargetFacts[] {
  if (job !== '') return targets.filter((target) => target.job === job);
  const places = placesOf(gateway);
  const names = new Set(gateway.scrapers.map(({ scraper }) => scraper));
  const guesses: ((target: TargetFacts) => boolean)[] = [
    ({ url }) => places.has(placeOf(url)),
    (target) => names.has(askedBy(target).scraper),
    ({ instance }) => gateways.has(instance),
  ];
  for (const guess of guesses) {
    const found = targets.filter(guess);
    if (found.length > 0) return found;
  }
  return [];
}

function placesOf({ url, flags }: Pick<GatewayFacts, 'url' | 'flags'>): Set<string> {
  const external = URL.parse(flags.get('web.external-url') ?? '');
  return new Set([url, external].flatMap((place) => (place === null ? [] : [placeOf(place)])));
}

/** All names of this machine itself are one. */
function placeOf({ hostname, port, protocol }: URL): string {
  const host = isLoopbackName(hostname) ? 'localhost' : hostname.toLowerCase();
  return `${host}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

export function jobsOf({ config, targets }: Pick<PrometheusFacts, 'config' | 'targets'>): GatewayJob[] {
  const byName = Map.groupBy(targets, ({ job }) => job);
  return [...byName].map(([name, own]) => ({
    name,
    config: config?.jobs.find((job) => job.name === name) ?? null,
    targets: own,
  }));
}
