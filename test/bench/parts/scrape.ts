/**
 * What a scrape of the newest points of a whole fleet takes, while that goes on streaming, and what the gateway's memory is then.
 * Beside it the same series in a Pushgateway, in a Prometheus and in VictoriaMetrics. These are asked when nothing else runs, and take
 * nothing in: the fleet, and the gateway that a Prometheus has them from, are gone before the first of them is timed. Everyone is
 * warmed up by as many scrapes, and left alone as long between two.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Load } from '../load/load.ts';
import type { Bench, Part, Round } from '../part.ts';
import { overlap } from '../support/clock.ts';
import { post, type Scraped, Scraper } from '../support/fetch.ts';
import { startPrometheus, startPushgateway, startVictoria } from '../support/peers.ts';
import { type Served, startGateway } from '../support/program.ts';
import { medianOf, percentileOf } from '../support/statistics.ts';
import { textOf } from '../support/text.ts';
import { longestIn, TurnsProbe } from '../support/turns.ts';

const HOSTS = 1000;
const SERIES = 500;
const INTERVAL_MS = 10_000;
const SCRAPES = 8;
/** Of the first ones, for the code to be compiled and caches to be filled; in the last of them the series are counted. */
const WARM_SCRAPES = 4;
/** All of them are within the five minutes for which a Prometheus shows what it has got last. */
const PAUSE_MS = 1_000;
const TICKS = 1000;
const PROMETHEUS_MS_MAX = 120_000;
/** Three scrapes. */
const SETTLE_MS = 30_000;
/** A host's interval, Prometheus's own, and what a scrape may take. */
const FRESH_MS = 40_000;
const SCRAPER = 'bench';
const FEDERATE = '/federate?match[]={job="node"}';

interface Timed extends Scraped {
  /** Of the program that was scraped. */
  readonly cpuSeconds: number;
}

/** @throws unless every answer is good, and all series are in one that is looked at. */
async function timed(bench: Bench, { program, url }: Served, path: string): Promise<readonly Timed[]> {
  const scraper = new Scraper();
  bench.atEnd(() => scraper.close());
  const all: Timed[] = [];
  for (let i = 1; i < WARM_SCRAPES + SCRAPES; i++) {
    const before = program.usage().cpuSeconds;
    const scraped = await scraper.scrape(url + path);
    if (scraped.status !== 200) throw new Error(`${program.name} answered ${scraped.status} to ${path}`);
    all.push({ ...scraped, cpuSeconds: program.usage().cpuSeconds - before });
    await delay(PAUSE_MS);
    if (i !== WARM_SCRAPES - 1) continue;
    const series = await scraper.series(url + path);
    if (series !== HOSTS * SERIES) throw new Error(`${program.name} has ${series} series in ${path}`);
    bench.say(`${program.name}: ${(scraped.bytes / 1e6).toFixed(1)} MB compressed`);
    await delay(PAUSE_MS);
  }
  return all.slice(-SCRAPES);
}

async function secondsOf(bench: Bench, served: Served, path: string): Promise<number> {
  const scrapes = await timed(bench, served, path);
  return medianOf(scrapes.map(({ seconds }) => seconds));
}

async function ours(bench: Bench, gateway: Served, load: Load, probe: TurnsProbe): Promise<Round> {
  // The tails have what they keep.
  await load.until(({ acked }) => acked >= HOSTS * SERIES * 13);
  load.acks();
  const scrapes = await timed(bench, gateway, '/metrics');
  const { rssMB } = gateway.program.usage();
  const turns = await probe.turnsOf(gateway.program);
  const waited = load.acks().filter((ack) => scrapes.some((scraped) => overlap(scraped, ack)));
  bench.say(`${waited.length} acks were waited for during ${scrapes.length} scrapes`);
  return {
    'time of a scrape': medianOf(scrapes.map(({ seconds }) => seconds)),
    'CPU meanwhile': medianOf(scrapes.map(({ cpuSeconds }) => cpuSeconds)),
    'longest turn of the event loop': longestIn(scrapes, turns),
    'acks meanwhile, 99th percentile': percentileOf(
      waited.map(({ fromMs, toMs }) => toMs - fromMs),
      0.99,
    ),
    RSS: rssMB,
  };
}

async function pushgateway(bench: Bench): Promise<Round> {
  const served = await startPushgateway(bench);
  if (served === null) return {};
  for (let host = 1; host <= HOSTS; host++) {
    const body = textOf({ series: SERIES, host, tick: 0, labels: {}, comments: true });
    await post(`${served.url}/metrics/job/node/instance/bench-${host}`, body);
  }
  const seconds = await secondsOf(bench, served, '/metrics');
  const { rssMB } = served.program.usage();
  await served.program.stop();
  return { 'Pushgateway: time of a scrape': seconds, 'Pushgateway: RSS': rssMB };
}

/** One that has got all series from our gateway, as far as there is one. */
async function filledPrometheus(bench: Bench, gateway: Served): Promise<Served | null> {
  const config = join(bench.folder(), 'prometheus.yml');
  const job = {
    job_name: 'tributary',
    honor_labels: true,
    static_configs: [{ targets: [gateway.url.slice(7)] }],
  };
  const global = { scrape_interval: '10s', scrape_timeout: '10s' };
  writeFileSync(
    config,
    JSON.stringify({ global, scrape_configs: [{ ...job, params: { scraper: [SCRAPER] } }] }),
  );
  const served = await startPrometheus(bench, config);
  if (served === null) return null;
  // A new scraper is given the last five minutes first, which takes as long. What it has to have is new points of all series, or
  // it would not show them any more when it is asked.
  await served.program.until('scrapes', async () => (await lagMs(gateway)) !== null, PROMETHEUS_MS_MAX);
  const to = (Date.now() - INTERVAL_MS) / 1000;
  const rewound = await fetch(`${gateway.url}/api/v1/scrapers/${SCRAPER}/rewind?to=${to}`, {
    method: 'POST',
  });
  if (!rewound.ok) throw new Error(`rewind: ${rewound.status} ${await rewound.text()}`);
  await delay(SETTLE_MS);
  const isCurrent = async () => ((await lagMs(gateway)) ?? Number.POSITIVE_INFINITY) <= FRESH_MS;
  await served.program.until('has new points of all series', isCurrent, PROMETHEUS_MS_MAX);
  return served;
}

/** How far behind the gateway says that it is; null before its first scrape. Prometheus itself would be kept from scraping by the question. */
async function lagMs(gateway: Served): Promise<number | null> {
  const response = await fetch(`${gateway.url}/api/v1/scrapers`);
  const { data } = (await response.json()) as { data: { scraper: string; lagMs: number }[] };
  return data.find(({ scraper }) => scraper === SCRAPER)?.lagMs ?? null;
}

async function prometheus(bench: Bench, served: Served | null): Promise<Round> {
  if (served === null) return {};
  const seconds = await secondsOf(bench, served, FEDERATE);
  await served.program.stop();
  return { 'Prometheus: /federate': seconds };
}

async function victoria(bench: Bench): Promise<Round> {
  const served = await startVictoria(bench);
  if (served === null) return {};
  const at = Date.now();
  for (let host = 1; host <= HOSTS; host++) {
    const labels = { instance: `bench-${host}`, job: 'node' };
    const body = textOf({ series: SERIES, host, tick: 0, labels, at, comments: true });
    await post(`${served.url}/api/v1/import/prometheus`, body);
  }
  await delay(5000);
  const seconds = await secondsOf(bench, served, FEDERATE);
  await served.program.stop();
  return { 'VictoriaMetrics: /federate': seconds };
}

export const scrape: Part = {
  about: `${HOSTS} hosts of ${SERIES} series each ${INTERVAL_MS / 1000} s; the newest points, compressed`,
  rounds: 3,
  figures: [
    { name: 'time of a scrape', unit: 's', reach: ['<=', 0.3] },
    { name: 'CPU meanwhile', unit: 's' },
    { name: 'longest turn of the event loop', unit: 'ms', reach: ['<=', 50] },
    { name: 'acks meanwhile, 99th percentile', unit: 'ms', reach: ['<=', 250] },
    { name: 'RSS', unit: 'MB', reach: ['<=', 300] },
    { name: 'Pushgateway: time of a scrape', unit: 's' },
    { name: 'Pushgateway: RSS', unit: 'MB' },
    { name: 'Prometheus: /federate', unit: 's' },
    { name: 'VictoriaMetrics: /federate', unit: 's' },
    { name: 'faster than Pushgateway', unit: '×', reach: ['>=', 10] },
    { name: 'faster than Prometheus', unit: '×', reach: ['>=', 5] },
    { name: 'faster than VictoriaMetrics', unit: '×', reach: ['>=', 5] },
  ],
  async round(bench) {
    const probe = new TurnsProbe(bench);
    const gateway = await startGateway(bench, { node: probe.nodeArguments });
    const pace = { kind: 'steady', intervalMs: INTERVAL_MS, ticks: TICKS } as const;
    const load = Load.start(bench, { url: gateway.url, hosts: HOSTS, series: SERIES, deflate: 'no', pace });
    const own = await ours(bench, gateway, load, probe);
    const filled = await filledPrometheus(bench, gateway);
    await load.stop();
    await gateway.program.stop();
    const theirs: Round = {
      ...(await prometheus(bench, filled)),
      ...(await pushgateway(bench)),
      ...(await victoria(bench)),
    };
    const ratio = (figure: string, name: string): Round => {
      const seconds = theirs[figure];
      return seconds === undefined ? {} : { [name]: seconds / (own['time of a scrape'] ?? Number.NaN) };
    };
    return {
      ...own,
      ...theirs,
      ...ratio('Pushgateway: time of a scrape', 'faster than Pushgateway'),
      ...ratio('Prometheus: /federate', 'faster than Prometheus'),
      ...ratio('VictoriaMetrics: /federate', 'faster than VictoriaMetrics'),
    };
  },
};
