/** How Prometheus comes to the gateway: whether it does at all, by which name, and through what. */
import { type Change, command, type Finding, finding, prometheusJob } from '../finding.ts';
import type { GatewayFacts } from '../gateway-facts.ts';
import { askedBy, type GatewayJob } from '../jobs.ts';
import type { PrometheusFacts, TargetFacts } from '../prometheus-facts.ts';
import { count, duration, names, said } from '../words.ts';
import type { Facts } from './facts.ts';
import { scrapeConfig, sharedName } from './scrapers.ts';

/** The gateway learns how often a scraper comes from so many scrapes. */
const SETTLED_INTERVALS = 20;
const TWICE_SHARE = 0.75;

export function checkTargets({ gateway, prometheus, jobs }: Facts): Finding[] {
  if (prometheus === null) return [];
  if (jobs.length === 0) return checkNoJob(gateway, prometheus);
  return [
    ...jobs.flatMap((job) => [
      ...checkDown(job),
      ...checkNamed(job),
      ...checkProxy(job, gateway, prometheus),
      ...checkTwice(job, gateway, prometheus),
    ]),
    ...checkSameName(jobs),
  ];
}

function checkNoJob(gateway: GatewayFacts, { config, silent }: PrometheusFacts): Finding[] {
  const { url, hosts } = gateway;
  const isUnknown = silent.some((said) => said.startsWith('/api/v1/targets'));
  const asksForTargets = config?.jobs.some(({ discovers }) => discovers) ?? false;
  // It has no target while the gateway has no host.
  if (isUnknown || (hosts.length === 0 && asksForTargets)) return [];
  return [
    finding('NO_SCRAPE_JOB', {
      what: `No target of Prometheus is this gateway (${url.host}).`,
      means:
        'Nothing of the fleet arrives in it. If it knows the gateway by another name, say which job it is: --prometheus.job NAME.',
      change: { where: 'prometheus.yml', lines: scrapeConfig(gateway) },
    }),
  ];
}

/** What Prometheus says, what it means, and what helps. */
const FAILURES: readonly (readonly [pattern: RegExp, means: string, cure: (job: string) => Change])[] = [
  [
    /(sample|body size) limit exceeded|(label|label_name_length|label_value_length|target)_limit exceeded/i,
    'A limit of the job was passed.',
    (job) => prometheusJob(job, '# see the finding on the limit'),
  ],
  [
    /too old sample/i,
    'A point was older than out_of_order_time_window, which fails the whole scrape.',
    () => ({
      where: 'prometheus.yml',
      lines: ['# out_of_order_time_window, 15m longer than --replay.window; see WINDOW_TOO_LONG'],
    }),
  ],
  [
    /HTTP status 40[13]/,
    'The gateway wants a credential, or another one.',
    (job) =>
      prometheusJob(
        job,
        'authorization: {credentials_file: scrape.token}    # of: tributary-gateway token create --scrape prometheus',
      ),
  ],
  [
    /HTTP status 400/,
    'The gateway cannot read the parameters.',
    (job) =>
      prometheusJob(
        job,
        'params: {scraper: [prometheus]}    # the answer of the gateway says which one is wrong',
      ),
  ],
  [
    /HTTP status 503/,
    'The gateway is starting or stopping, or too many scrape at once.',
    () => command('curl URL/-/ready    # of the gateway'),
  ],
  [
    /refused|no such host|unreachable|no route|dial tcp.*i\/o timeout/i,
    'Prometheus does not reach the gateway at this address.',
    (job) =>
      prometheusJob(
        job,
        "static_configs: [{targets: ['HOST:9750']}]    # where --web.listen-address listens",
      ),
  ],
  [
    /deadline exceeded|timeout/i,
    'The scrape took longer than scrape_timeout.',
    (job) => prometheusJob(job, 'scrape_timeout: 30s    # scrape_interval must be as long'),
  ],
  [
    /x509|certificate|tls:/i,
    'The certificate of the gateway is not believed, or is for another name.',
    (job) =>
      prometheusJob(job, 'tls_config: {ca_file: ca.pem}    # and the target by the name of the certificate'),
  ],
  [/HTTP response to HTTPS/i, 'The gateway speaks no TLS.', (job) => prometheusJob(job, 'scheme: http')],
  [
    /EOF|malformed HTTP/i,
    'The gateway may speak TLS, which the job does not.',
    (job) => prometheusJob(job, 'scheme: https'),
  ],
];

function checkDown({ name, targets }: GatewayJob): Finding[] {
  const down = targets.filter(({ health }) => health === 'down');
  if (down.length === 0) return [];
  const errors = Map.groupBy(down, ({ lastError }) => lastError);
  const [[error = '', failed = []] = []] = [...errors].sort(([, a], [, b]) => b.length - a.length);
  const [, means, cure] = FAILURES.find(([pattern]) => pattern.test(withoutUrl(error))) ?? [];
  return [
    finding('TARGET_DOWN', {
      what: `${down.length} of ${count(targets.length, 'target')} of the job ${JSON.stringify(name)} cannot be scraped: ${names(failed.map(placeOf), 3)}: ${said(error)}.`,
      means: `${means ?? 'Nothing of that body is stored.'} What is not taken waits, inside the replay window.`,
      change: cure?.(name) ?? command('# see the page /targets of Prometheus, and its log'),
    }),
  ];
}

/** Go puts the URL before what went wrong, and names of hosts in it may look like anything. */
function withoutUrl(error: string): string {
  return error.replace(/^[A-Z][a-z]+ "[^"]*": /, '');
}

function placeOf({ url }: TargetFacts): string {
  const host = url.searchParams.get('host');
  return host === null ? url.host : `${url.host} for ${host}`;
}

function checkNamed({ name, config, targets }: GatewayJob): Finding[] {
  // A credential names it, too, and which that is nobody tells.
  const isUnnamed = targets.some((target) => askedBy(target).scraper === '');
  if (!isUnnamed || config?.hasCredentials === true) return [];
  const isMany = targets.length > 1;
  return [
    finding('JOB_WITHOUT_NAME', {
      severity: isMany ? 'warning' : 'note',
      what: `The job ${JSON.stringify(name)} names no scraper.`,
      means: isMany
        ? 'Each connection has places of its own, and its targets swap connections: much is served again and again.'
        : 'Each new connection begins anew at the lowest place of its address, and some points are served again.',
      change: prometheusJob(name, 'params: {scraper: [prometheus]}'),
    }),
  ];
}

function checkProxy(job: GatewayJob, gateway: GatewayFacts, { proxies }: PrometheusFacts): Finding[] {
  const untold = job.targets.find((target) => proxies.has(target.url.origin) && !askedBy(target).proxied);
  if (untold === undefined) return [];
  const { scraper } = askedBy(untold);
  const client = gateway.scrapers.find((each) => each.scraper === scraper)?.clients[0];
  // It was noticed by itself, and is served accordingly.
  if (client?.proxied === true) return [];
  return [
    finding('PROXY_UNTOLD', {
      what: `Between the job ${JSON.stringify(job.name)} and the gateway is a proxy (${proxies.get(untold.url.origin)}) that the gateway cannot see.`,
      means:
        'The proxy reads on when Prometheus has died, so what Prometheus never got may be counted as taken.',
      change: prometheusJob(job.name, "params: {proxied: ['1']}"),
    }),
  ];
}

/** Two that come evenly look like one that comes twice as often as this Prometheus does. */
function checkTwice(
  job: GatewayJob,
  gateway: GatewayFacts,
  { startedAt, reloadedAt, clockOffsetMs }: PrometheusFacts,
): Finding[] {
  const [target, ...others] = job.targets;
  const intervalMs = job.config?.intervalMs ?? 0;
  if (target === undefined || others.length > 0 || intervalMs === 0) return [];
  const { scraper: name } = askedBy(target);
  const scraper = gateway.scrapers.find((each) => each.scraper === name);
  const offsetMs = (clockOffsetMs ?? 0) - (gateway.clockOffsetMs ?? 0);
  const settledAt = Math.max(
    scraper?.createdAt ?? gateway.now,
    gateway.startedAt ?? gateway.now,
    (startedAt ?? 0) - offsetMs,
    (reloadedAt ?? 0) - offsetMs,
  );
  if (scraper === undefined || gateway.now - settledAt < SETTLED_INTERVALS * intervalMs) return [];
  if (scraper.sharedBy !== null || scraper.intervalMs === 0) return [];
  if (scraper.intervalMs >= TWICE_SHARE * intervalMs) return [];
  return [
    sharedName(
      name,
      `for it comes every ${duration(scraper.intervalMs)}, and the job ${JSON.stringify(job.name)} every ${duration(intervalMs)}`,
    ),
  ];
}

/** Targets of one Prometheus under one name, with one selection and the same hosts. */
function checkSameName(jobs: readonly GatewayJob[]): Finding[] {
  const all = jobs.flatMap(({ name, targets }) =>
    targets.map((target) => ({ job: name, ...askedBy(target) })),
  );
  const groups = Map.groupBy(
    all.filter(({ scraper }) => scraper !== ''),
    ({ scraper, matches }) => `${scraper}\n${matches}`,
  );
  return [...groups.values()].flatMap((group) => {
    const hosts = group.map((each) => each.hosts);
    const isDoubled = new Set(hosts).size < hosts.length;
    // Who asks for all hosts asks for those that others ask for.
    const isOverlapping = hosts.includes('') && hosts.length > 1;
    const [first] = group;
    if (first === undefined || !(isDoubled || isOverlapping)) return [];
    const named = [...new Set(group.map(({ job }) => JSON.stringify(job)))];
    return [
      finding('SCRAPER_NAME_TWICE', {
        what: `${count(group.length, 'target')} of the ${named.length === 1 ? 'job' : 'jobs'} ${names(named)} ask as scraper ${first.scraper} for the same hosts.`,
        means: 'They share one cursor: what one has taken the other does not get.',
        change: prometheusJob(
          group.at(-1)?.job ?? first.job,
          `params: {scraper: [${first.scraper}-2]}    # or remove one of the two`,
        ),
      }),
    ];
  });
}
