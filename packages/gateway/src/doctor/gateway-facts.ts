/** What a running gateway says of itself, read with care: what it lacks, as an older one does, is told as nothing. */
import {
  type Access,
  type Answer,
  AskError,
  ask,
  clockOffset,
  dataOf,
  durationOf,
  type Fields,
  fieldsOf,
  listOf,
  numberOf,
  textOf,
  timeOf,
} from './client.ts';
import { readSamples, type Sample, type Samples } from './samples.ts';

export interface HostFacts {
  readonly host: string;
  readonly up: boolean;
  readonly connected: boolean;
  readonly address: string;
  readonly lastSampleAt: number | null;
  readonly series: number;
  readonly clockSkewMs: number;
  readonly limits: readonly string[];
  /** Somebody else came by its name; null for never. */
  readonly refused: RivalFacts | null;
  readonly returned: RivalFacts | null;
}

export interface RivalFacts {
  readonly times: number;
  readonly lastAt: number;
  readonly address: string;
}

export interface ClientFacts {
  readonly address: string;
  readonly agent: string;
  readonly format: string;
  readonly severalPoints: boolean;
  readonly proxied: boolean;
  readonly scrapes: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface ScraperFacts {
  readonly scraper: string;
  readonly selection: string;
  readonly createdAt: number | null;
  readonly seenAt: number | null;
  readonly lagMs: number;
  readonly pendingSamples: number;
  readonly servedSamples: number;
  readonly intervalMs: number;
  readonly expired: ReadonlyMap<string, number>;
  /** The one that asked last first. */
  readonly clients: readonly ClientFacts[];
  readonly sharedBy: { readonly addresses: readonly string[]; readonly at: number } | null;
}

export interface GatewayFacts {
  readonly url: URL;
  /** Its own time when it was asked, in ms since 1970, so that times it tells are held against its own clock. */
  readonly now: number;
  /** Its clock minus this machine's; null where it does not tell. */
  readonly clockOffsetMs: number | null;
  /** A credential was shown. */
  readonly isKnown: boolean;
  readonly version: string;
  readonly startedAt: number | null;
  readonly ready: boolean;
  readonly notReady: string;
  readonly ledgerBytes: number;
  /** 0 where it does not tell. */
  readonly ledgerLimitBytes: number;
  readonly diskFreeBytes: number | null;
  readonly restartPending: readonly string[];
  /** Every option in effect, by flag. */
  readonly flags: ReadonlyMap<string, string>;
  readonly hosts: readonly HostFacts[];
  readonly scrapers: readonly ScraperFacts[];
  readonly own: Samples;
  /** Answers that could not be made sense of. */
  readonly strange: readonly string[];
}

/** The own series that are looked at; with all of them a large fleet's would be many megabytes. */
const OWN =
  'tributary_(gateway|ledger|config)_.+|tributary_host_(rejects|lost_batches|dropped_samples)_total';
/** Programs on hosts may tell it as well. */
const OWN_MEMORY = '{__name__="process_resident_memory_bytes",host=""}';

/** @throws AskError when the gateway does not answer `/api/v1/status` as a gateway does */
export async function readGateway(access: Access): Promise<GatewayFacts> {
  const strange: string[] = [];
  const answer = await ask(access, '/api/v1/status');
  const status = fieldsOf(dataOf(answer, '/api/v1/status'));
  // Prometheus has such a path, too, and so may others.
  if (status['ledger'] === undefined)
    throw new AskError('strange', '/api/v1/status is answered by something else than a Tributary gateway');
  const get = async (path: string) => {
    try {
      return dataOf(await ask(access, path), path);
    } catch (error) {
      if (!(error instanceof AskError)) throw error;
      strange.push(
        error.status === 0 ? `${path}: ${error.message}` : error.message || `${path}: HTTP ${error.status}`,
      );
      return null;
    }
  };
  const [flags, hosts, scrapers, own] = [
    await get('/api/v1/status/flags'),
    await get('/api/v1/hosts'),
    await get('/api/v1/scrapers'),
    await readOwn(access, strange),
  ];
  return {
    ...statusFacts(access, answer, status),
    flags: new Map(Object.entries(fieldsOf(flags)).map(([name, text]) => [name, textOf(text)])),
    hosts: listOf(hosts).map((host) => hostFacts(fieldsOf(host))),
    scrapers: listOf(scrapers).map((scraper) => scraperFacts(fieldsOf(scraper))),
    own,
    strange,
  };
}

async function readOwn(access: Access, strange: string[]): Promise<Samples> {
  const selectors = [`{__name__=~"${OWN}"}`, OWN_MEMORY];
  const path = `/metrics?${selectors.map((selector) => `match[]=${encodeURIComponent(selector)}`).join('&')}`;
  try {
    const { status, text } = await ask(access, path);
    const samples = readSamples(status === 200 ? text : '');
    if (samples.has('tributary_gateway_build_info')) return samples;
    strange.push(`/metrics is answered with HTTP ${status} and nothing of a gateway`);
    return samples;
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    strange.push(`/metrics: ${error.message}`);
    return new Map<string, Sample[]>();
  }
}

function statusFacts({ url, authorization }: Access, answer: Answer, status: Fields) {
  const ledger = fieldsOf(status['ledger']);
  const disk = ledger['disk'] ?? null;
  const clockOffsetMs = clockOffset(answer);
  return {
    url,
    now: answer.at + (clockOffsetMs ?? 0),
    clockOffsetMs,
    isKnown: authorization !== null,
    version: textOf(status['version']),
    startedAt: timeOf(status['startTime']),
    ready: status['ready'] === true,
    notReady: textOf(status['notReady']),
    ledgerBytes: numberOf(ledger['bytes']),
    ledgerLimitBytes: numberOf(ledger['limitBytes']),
    diskFreeBytes: disk === null ? null : numberOf(fieldsOf(disk)['freeBytes']),
    restartPending: listOf(status['restartPending']).map(textOf),
  };
}

function hostFacts(host: Fields): HostFacts {
  const rivals = fieldsOf(host['rivals']);
  return {
    host: textOf(host['host']),
    up: host['up'] === true,
    connected: host['connected'] === true,
    address: textOf(host['address']),
    lastSampleAt: timeOf(host['lastSample']),
    series: numberOf(host['series']),
    clockSkewMs: numberOf(host['clockSkewMs']),
    limits: listOf(host['limited']).map((limit) => textOf(fieldsOf(limit)['limit'])),
    refused: rivalFacts(rivals['refused']),
    returned: rivalFacts(rivals['returned']),
  };
}

function rivalFacts(value: unknown): RivalFacts | null {
  const { times, last, address } = fieldsOf(value);
  const lastAt = timeOf(last);
  return lastAt === null ? null : { times: numberOf(times), lastAt, address: textOf(address) };
}

function scraperFacts(scraper: Fields): ScraperFacts {
  const shared = fieldsOf(scraper['sharedBy']);
  const sharedAt = timeOf(shared['seen']);
  return {
    scraper: textOf(scraper['scraper']),
    selection: textOf(scraper['selection']),
    createdAt: timeOf(scraper['created']),
    seenAt: timeOf(scraper['lastSeen']),
    lagMs: numberOf(scraper['lagMs']),
    pendingSamples: numberOf(scraper['pendingSamples']),
    servedSamples: numberOf(scraper['servedSamples']),
    intervalMs: numberOf(scraper['intervalMs']),
    expired: new Map(
      Object.entries(fieldsOf(scraper['expiredSamples'])).map(([reason, value]) => [reason, numberOf(value)]),
    ),
    clients: listOf(scraper['clients']).map((client) => clientFacts(fieldsOf(client))),
    sharedBy: sharedAt === null ? null : { addresses: listOf(shared['addresses']).map(textOf), at: sharedAt },
  };
}

function clientFacts(client: Fields): ClientFacts {
  return {
    address: textOf(client['address']),
    agent: textOf(client['agent']),
    format: textOf(client['format']),
    severalPoints: client['severalPoints'] === true,
    proxied: client['proxied'] === true,
    scrapes: numberOf(client['scrapes']),
    firstAt: timeOf(client['first']) ?? 0,
    lastAt: timeOf(client['last']) ?? 0,
  };
}

/** An option in ms; null where the gateway does not tell. */
export function flagMs({ flags }: Pick<GatewayFacts, 'flags'>, name: string): number | null {
  return durationOf(flags.get(name));
}

/** How old a sample may be at most to be served. */
export function replayWindowMs(gateway: Pick<GatewayFacts, 'flags'>): number | null {
  const windowMs = flagMs(gateway, 'replay.window');
  const keptMs = flagMs(gateway, 'storage.retention.time');
  return windowMs === null || keptMs === null ? windowMs : Math.min(windowMs, keptMs);
}
