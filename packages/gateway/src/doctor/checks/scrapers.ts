/** Who scrapes, as the gateway sees it. */
import { act, command, type Finding, finding, removal } from '../finding.ts';
import { type ClientFacts, type GatewayFacts, replayWindowMs, type ScraperFacts } from '../gateway-facts.ts';
import type { GatewayJob } from '../jobs.ts';
import type { Recent } from '../recent.ts';
import { count, duration, names, said } from '../words.ts';
import type { Facts } from './facts.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** One that was not seen for an hour holds nothing back any more. */
const GONE_INTERVALS = 5;
const GONE_MS_MIN = 2 * MINUTE_MS;
const LAG_INTERVALS = 10;
const LAG_MS_MIN = 5 * MINUTE_MS;
/** Of the window: what lags by more begins to lose. */
const LAG_ERROR_SHARE = 0.8;
const NAMES_MAX = 64;
const NAMES_NEAR = 58;
/** Of each of two clients, before they count as two. */
const SCRAPES_MIN = 3;

export function checkScrapers({ gateway, prometheus, jobs }: Facts): Finding[] {
  const { scrapers } = gateway;
  // Why nobody does is known then, and told.
  const isExplained = prometheus !== null && (jobs.length === 0 || jobs.some(isDown));
  if (scrapers.length === 0) return isExplained ? [] : checkNone(gateway);
  const recent = prometheus?.recent ?? null;
  return [
    ...scrapers.flatMap((scraper) => [
      ...checkSeen(scraper, gateway),
      ...checkLag(scraper, gateway, recent),
      ...checkClient(scraper, gateway),
      ...checkShared(scraper, gateway),
    ]),
    ...checkNames(gateway),
  ];
}

function isDown({ targets }: GatewayJob): boolean {
  return targets.some(({ health }) => health === 'down');
}

function checkNone(gateway: GatewayFacts): Finding[] {
  if (gateway.strange.length > 0) return [];
  return [
    finding('NO_SCRAPER', {
      what: 'Nobody has scraped the gateway yet.',
      means: 'What the hosts send is kept for --storage.retention.time, and then gone.',
      change: { where: 'prometheus.yml', lines: scrapeConfig(gateway) },
    }),
  ];
}

export function scrapeConfig({ url: { protocol, host, port }, isKnown }: GatewayFacts): string[] {
  const isTls = protocol === 'https:';
  return [
    'scrape_configs:',
    '  - job_name: tributary',
    '    honor_labels: true',
    '    params: {scraper: [prometheus]}',
    ...(isTls ? ['    scheme: https'] : []),
    ...(isKnown ? ['    authorization: {credentials_file: scrape.token}'] : []),
    `    static_configs: [{targets: ['${host}${port === '' ? (isTls ? ':443' : ':80') : ''}']}]`,
  ];
}

/** Names of scrapers are letters, digits and a few signs; the cursor of one without a name is called by its address. */
export function isNamed(scraper: string): boolean {
  return /^[\w.-]+$/.test(scraper);
}

function ageOf({ seenAt }: ScraperFacts, { now }: GatewayFacts): number {
  return seenAt === null ? Number.POSITIVE_INFINITY : now - seenAt;
}

function isGone(scraper: ScraperFacts, gateway: GatewayFacts): boolean {
  return ageOf(scraper, gateway) > Math.max(GONE_MS_MIN, GONE_INTERVALS * scraper.intervalMs);
}

function checkSeen(scraper: ScraperFacts, gateway: GatewayFacts): Finding[] {
  // Soon after its start the gateway may only not have seen it again yet.
  const isEarly = gateway.startedAt !== null && gateway.now - gateway.startedAt < GONE_MS_MIN;
  if (isEarly || !isGone(scraper, gateway)) return [];
  const ageMs = ageOf(scraper, gateway);
  const path = `/api/v1/scrapers/${encodeURIComponent(scraper.scraper)}`;
  const remove = removal(gateway.url, path, gateway.isKnown);
  return [
    finding('SCRAPER_GONE', {
      // Of one without a name nobody knows whether it goes on under another address.
      severity: isNamed(scraper.scraper) ? 'warning' : 'note',
      what: `Scraper ${scraper.scraper} was last seen ${Number.isFinite(ageMs) ? `${duration(ageMs)} ago` : 'before the gateway started'}.`,
      means:
        ageMs > HOUR_MS
          ? 'What it has not taken is no longer kept for it beyond the replay window.'
          : 'What it has not taken is kept for it for an hour, then only inside the replay window.',
      change: command('# see that Prometheus runs and reaches the gateway; if it is gone for good:', remove),
    }),
  ];
}

function checkLag(scraper: ScraperFacts, gateway: GatewayFacts, recent: Recent | null): Finding[] {
  const { lagMs, pendingSamples, intervalMs } = scraper;
  if (isGone(scraper, gateway) || lagMs <= Math.max(LAG_MS_MIN, LAG_INTERVALS * intervalMs)) return [];
  const windowMs = replayWindowMs(gateway) ?? Number.POSITIVE_INFINITY;
  const grows = recent?.lagSlopes.some(({ labels }) => labels['scraper'] === scraper.scraper) ?? false;
  return [
    finding('SCRAPER_LAGS', {
      severity: grows || lagMs > LAG_ERROR_SHARE * windowMs ? 'error' : 'warning',
      what: `Scraper ${scraper.scraper} has not taken samples that are ${duration(lagMs)} old (${count(pendingSamples, 'sample')})${grows ? ', and falls further behind' : ''}.`,
      means: `After an outage it catches up by itself. What is older than ${Number.isFinite(windowMs) ? duration(windowMs) : 'the replay window'} is lost to it.`,
      change: {
        where: 'prometheus.yml, its job, if it does not catch up',
        lines: ['scrape_timeout: 30s    # the budget grows with it; scrape_interval must be as long'],
      },
    }),
  ];
}

function checkClient({ scraper, clients }: ScraperFacts, gateway: GatewayFacts): Finding[] {
  const [client] = clients;
  if (client === undefined) return [];
  const found: Finding[] = [];
  if (!client.severalPoints) found.push(takesOnePoint(scraper, client));
  if (client.proxied)
    found.push(
      finding('PROXY_NOTICED', {
        what: `Scraper ${scraper} comes through a proxy (at ${client.address}).`,
        means:
          'It is served accordingly: every point some times over. Where only a header shows the proxy, say it as well.',
        change: { where: 'prometheus.yml, its job', lines: ["params: {proxied: ['1']}"] },
      }),
    );
  if (!isNamed(scraper))
    found.push(
      finding('SCRAPER_UNNAMED', {
        what: `Scraper ${scraper} has no name.`,
        means:
          'Each of its connections has places of its own, so that some points are served again and again.',
        change: { where: 'prometheus.yml, its job', lines: ['params: {scraper: [prometheus]}'] },
      }),
    );
  return gateway.now - client.lastAt > HOUR_MS ? [] : found;
}

function takesOnePoint(scraper: string, { agent, format }: ClientFacts): Finding {
  const isPrometheus = agent.startsWith('Prometheus/');
  const isText = format !== 'openmetrics';
  const cure = !isPrometheus
    ? ["params: {replay: ['1']}", 'honor_timestamps: true    # and no_stale_markers: true, for vmagent']
    : isText
      ? ['scrape_protocols: [OpenMetricsText1.0.0, OpenMetricsText0.0.1, PrometheusText0.0.4]']
      : ['# update Prometheus: 2.53.3, 2.54.1, or any 3.x'];
  return finding('SCRAPER_TAKES_ONE_POINT', {
    what: `Scraper ${scraper} (${said(agent) || 'it does not say what it is'}, ${isText ? 'text' : 'OpenMetrics'}) gets one point of a series at a time.`,
    means: isPrometheus
      ? 'What was not taken at once is lost: gaps are not filled.'
      : 'Nobody knows whether it heeds timestamps, so gaps are not filled for it.',
    change: { where: 'prometheus.yml, its job', lines: cure },
  });
}

function checkShared(
  { scraper, intervalMs, sharedBy, clients }: ScraperFacts,
  gateway: GatewayFacts,
): Finding[] {
  if (!isNamed(scraper)) return [];
  const { now } = gateway;
  const isToldOf = sharedBy !== null && now - sharedBy.at < HOUR_MS;
  const recentMs = Math.max(5 * MINUTE_MS, GONE_INTERVALS * intervalMs);
  const live = clients.filter(
    ({ scrapes, lastAt, proxied }) => scrapes >= SCRAPES_MIN && now - lastAt < recentMs && !proxied,
  );
  // One that moved has begun when the other had ended.
  const [one, other] = live;
  const areTwo =
    one !== undefined && other !== undefined && one.firstAt < other.lastAt && other.firstAt < one.lastAt;
  if (!isToldOf && !areTwo) return [];
  const who = areTwo ? live.map(({ address, agent }) => `${address} (${said(agent)})`) : sharedBy?.addresses;
  return [sharedName(scraper, `from ${names([...(who ?? [])])}`)];
}

export function sharedName(scraper: string, how: string): Finding {
  return finding('SCRAPER_NAME_SHARED', {
    what: `Two seem to scrape as ${scraper}, ${how}.`,
    means: 'They share one cursor: what one has taken the other does not get, and so both have gaps.',
    change: {
      where: 'prometheus.yml of one of the two',
      lines: [
        `params: {scraper: [${scraper}-b]}    # with a credential: a token of its own, by --scrape ${scraper}-b`,
      ],
    },
  });
}

function checkNames({ scrapers, url, isKnown }: GatewayFacts): Finding[] {
  const number = new Set(scrapers.map(({ scraper }) => scraper)).size;
  if (number < NAMES_NEAR) return [];
  return [
    finding('SCRAPER_NAMES_NEAR_LIMIT', {
      what: `There are ${number} scrapers, and ${NAMES_MAX} is the most.`,
      means: 'One more gets the newest points only, unless another was not seen for an hour.',
      change: act('whoever is gone', removal(url, '/api/v1/scrapers/NAME', isKnown)),
    }),
  ];
}
