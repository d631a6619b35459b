/**
 * What a scrape of the newest points of a whole fleet takes, while that goes on streaming, and what the gateway's memory is then.
 * Beside it the same series in a Pushgateway, in a Prometheus and in VictoriaMetrics.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Load } from '../load/load.ts';
import type { Bench, Part, Round } from '../part.ts';
import { post, Scraper } from '../support/fetch.ts';
import { startPrometheus, startPushgateway, startVictoria } from '../support/peers.ts';
import { type Served, startGateway } from '../support/program.ts';
import { medianOf, percentileOf } from '../support/statistics.ts';
import { textOf } from '../support/text.ts';

const HOSTS = 1000;
const SERIES = 500;
const INTERVAL_MS = 10_000;
const SCRAPES = 8;
/** Of the first ones, for the code to be compiled. */
const WARM_SCRAPES = 4;
const PAUSE_MS = 2_500;
const TICKS = 1000;
/** A new scraper is given more with each scrape. */
const PROMETHEUS_MS_MAX = 240_000;
const LAG = /^nodejs_eventloop_lag_max_seconds (\S+)/m;
const FEDERATE = '/federate?match[]={job="node"}';

async function secondsOf(bench: Bench, url: string, scrapes: number): Promise<number> {
  const scraper = new Scraper();
  bench.atEnd(() => scraper.close());
  const seconds: number[] = [];
  for (let i = 0; i < scrapes; i++) {
    const scraped = await scraper.scrape(url);
    if (scraped.status !== 200) throw new Error(`${url} answered ${scraped.status}`);
    if (i === 0) bench.say(`${url}: ${(scraped.bytes / 1e6).toFixed(1)} MB compressed`);
    seconds.push(scraped.seconds);
    await delay(PAUSE_MS / 5);
  }
  return medianOf(seconds);
}

/** The longest turn of the event loop since it was read last, as every scrape does at its beginning. */
async function lagOf(url: string): Promise<number> {
  const response = await fetch(`${url}/metrics?match[]=nodejs_eventloop_lag_max_seconds`);
  const text = await response.text();
  const [, seconds] = LAG.exec(text) ?? [];
  if (seconds === undefined)
    throw new Error(`the gateway does not tell its longest turn: ${text.slice(0, 200)}`);
  return Number(seconds);
}

async function ours(bench: Bench, { program, url }: Served): Promise<Round> {
  const load = Load.start(bench, {
    url,
    hosts: HOSTS,
    series: SERIES,
    deflate: false,
    pace: { kind: 'steady', intervalMs: INTERVAL_MS, ticks: TICKS },
  });
  // The tails have what they keep.
  await load.until(({ acked }) => acked >= HOSTS * SERIES * 13);
  load.latencies();
  const scraper = new Scraper();
  bench.atEnd(() => scraper.close());
  const seconds: number[] = [];
  const cpu: number[] = [];
  let lag = 0;
  for (let i = -WARM_SCRAPES; i < SCRAPES; i++) {
    const before = program.usage().cpuSeconds;
    const scraped = await scraper.scrape(`${url}/metrics`);
    const spent = program.usage().cpuSeconds - before;
    const turn = await lagOf(url);
    if (i >= 0) {
      seconds.push(scraped.seconds);
      cpu.push(spent);
      lag = Math.max(lag, turn);
    }
    if (i === 0) bench.say(`ours: ${(scraped.bytes / 1e6).toFixed(1)} MB compressed`);
    await delay(PAUSE_MS);
  }
  const latencies = load.latencies();
  return {
    'time of a scrape': medianOf(seconds),
    'CPU meanwhile': medianOf(cpu),
    'longest turn of the event loop': lag * 1000,
    'acks meanwhile, 99th percentile': percentileOf(latencies, 0.99),
    RSS: program.usage().rssMiB,
  };
}

async function pushgateway(bench: Bench): Promise<Round> {
  const served = await startPushgateway(bench);
  if (served === null) return {};
  const body = textOf({ series: SERIES, tick: 0, labels: {} });
  for (let host = 0; host < HOSTS; host++)
    await post(`${served.url}/metrics/job/node/instance/bench-${host}`, body);
  const seconds = await secondsOf(bench, `${served.url}/metrics`, 4);
  const { rssMiB } = served.program.usage();
  await served.program.stop();
  return { 'Pushgateway: time of a scrape': seconds, 'Pushgateway: RSS': rssMiB };
}

async function prometheus(bench: Bench, gateway: Served): Promise<Round> {
  const config = join(bench.folder(), 'prometheus.yml');
  const job = {
    job_name: 'tributary',
    honor_labels: true,
    static_configs: [{ targets: [gateway.url.slice(7)] }],
  };
  const global = { scrape_interval: '10s', scrape_timeout: '10s' };
  writeFileSync(
    config,
    JSON.stringify({ global, scrape_configs: [{ ...job, params: { scraper: ['bench'] } }] }),
  );
  const served = await startPrometheus(bench, config);
  if (served === null) return {};
  const count = `${served.url}/api/v1/query?query=${encodeURIComponent('count({job="node"})')}`;
  await served.program.until(
    'has all series',
    async () => {
      await delay(1000);
      const response = await fetch(count);
      const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
      return Number(data.result[0]?.value[1]) >= HOSTS * SERIES;
    },
    PROMETHEUS_MS_MAX,
  );
  const seconds = await secondsOf(bench, served.url + FEDERATE, 4);
  await served.program.stop();
  return { 'Prometheus: /federate': seconds };
}

async function victoria(bench: Bench): Promise<Round> {
  const served = await startVictoria(bench);
  if (served === null) return {};
  const at = Date.now();
  for (let host = 0; host < HOSTS; host += 100) {
    const body = Array.from({ length: 100 }, (_, i) =>
      textOf({ series: SERIES, tick: 0, labels: { instance: `bench-${host + i}`, job: 'node' }, at }),
    ).join('');
    await post(`${served.url}/api/v1/import/prometheus`, body);
  }
  await delay(5000);
  const seconds = await secondsOf(bench, served.url + FEDERATE, 4);
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
    { name: 'RSS', unit: 'MiB', reach: ['<=', 300] },
    { name: 'Pushgateway: time of a scrape', unit: 's' },
    { name: 'Pushgateway: RSS', unit: 'MiB' },
    { name: 'Prometheus: /federate', unit: 's' },
    { name: 'VictoriaMetrics: /federate', unit: 's' },
    { name: 'faster than Pushgateway', unit: '×', reach: ['>=', 10] },
    { name: 'faster than Prometheus', unit: '×', reach: ['>=', 5] },
    { name: 'faster than VictoriaMetrics', unit: '×', reach: ['>=', 5] },
  ],
  async round(bench) {
    const gateway = await startGateway(bench);
    const own = await ours(bench, gateway);
    const ofPrometheus = await prometheus(bench, gateway);
    await gateway.program.stop();
    const theirs: Round = { ...ofPrometheus, ...(await pushgateway(bench)), ...(await victoria(bench)) };
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
