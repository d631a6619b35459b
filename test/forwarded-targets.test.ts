/**
 * Exporters that a reporter forwards: what a real Prometheus stores of them through Tributary is what it stores scraping them
 * itself. Same series, types and help; of values, those that hold still are equal, counters lie between the values of
 * the direct scrapes around them, and samples with timestamps of their own are the same points.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { either } from './support/durations.ts';
import { eventually } from './support/eventually.ts';
import { expose, push, startExporter } from './support/exporters.ts';
import { strictParse } from './support/openmetrics.ts';
import { without } from './support/peers.ts';
import { Gateway, OPENMETRICS, Reporter, TEXT } from './support/programs.ts';
import { Prometheus, type ScrapeJob, type Series } from './support/prometheus.ts';
import type { Metadata, Point } from './support/prometheus-api.ts';
import { startPythonClient } from './support/python-client.ts';
import { readableKey, seriesKey } from './support/series-key.ts';
import { tempDir } from './support/temp-dir.ts';
import { VictoriaMetrics } from './support/victoria-metrics.ts';

const HOST = 'web-1';
/** What came through the reporter, but of neither itself nor the gateway. */
const FORWARDED = `host="${HOST}",job!~"node|tributary"`;
/** Debian's build has both on, and complains at each scrape where there is nothing of the kind. */
const QUIET = ['--no-collector.systemd', '--collector.textfile.directory='];
/** How many scrapes of each target have to be stored on either side. */
const SCRAPES = 8;
/** Scrapes are a second apart; a busy machine delays some. */
const AROUND_MS = 2_500;
/** Of real programs, whose answers have to come within it; several tests share a machine. */
const PROGRAM_INTERVAL = either('2500ms', '1s');
/** The kernel may take back a little idle time when it looks again. */
const TAKEN_BACK = /^node_cpu_seconds_total\{.*mode="(idle|iowait)"/;
/** Of what an exporter tells by itself: gauges that do not change within a test. */
const STILL =
  /^(up|\w+_info|node_memory_MemTotal_bytes|node_boot_time_seconds|node_filesystem_size_bytes|node_network_mtu_bytes|vm_app_start_timestamp|vm_available_cpu_cores|vm_available_memory_bytes|pushgateway_build_info)\{/;

/** What the gateway cannot keep the type of, values aside, as a direct scrape has it. */
const RETYPED: Readonly<Record<string, string>> = {
  go_memstats_alloc_bytes_total:
    'a counter beside a gauge go_memstats_alloc_bytes, which OpenMetrics does not have',
  go_gc_duration_seconds: 'a summary, of which VictoriaMetrics tells lines without any type',
};
/** They may have a `_created`, which in OpenMetrics has no type and help of its own. */
const BEGUN: ReadonlySet<string | undefined> = new Set(['counter', 'histogram', 'summary']);

/** Of scrapes whose text is always the same, too. */
const VARYING = /^(scrape_duration_seconds|scrape_series_added)\{/;

const PUSHED = `# HELP runs_total Runs so far.
# TYPE runs_total counter
runs_total{result="good"} 12
runs_total{result="bad"} 3
# HELP seconds How long they took.
# TYPE seconds histogram
seconds_bucket{le="0.1"} 1
seconds_bucket{le="1"} 4
seconds_bucket{le="+Inf"} 5
seconds_sum 3.75
seconds_count 5
# TYPE size summary
size{quantile="0.5"} 100
size{quantile="0.99"} 900
size_sum 12345
size_count 40
# TYPE last gauge
last{job="its own"} NaN
anything{path="C:\\\\dir \\"x\\"\\n"} -1.5e-7
`;

const OPEN = `# HELP engine What it is made of.
# TYPE engine info
engine_info{version="1.2"} 1
# TYPE mode stateset
mode{mode="on"} 1
mode{mode="off"} 0
# TYPE requests counter
requests_total 17
# TYPE latency histogram
latency_bucket{le="0.5"} 2
latency_bucket{le="+Inf"} 3
latency_sum 1.5
latency_count 3
# TYPE odd unknown
odd 4.5
# EOF
`;

/** Labels of the target, said to be others and said to be none. */
const HONORED = `here 1
here{instance=""} 2
here{job="far"} 3
here{job="far",instance=""} 4
here{job="far",instance="i"} 5
# TYPE took histogram
took_bucket{instance="",le="1"} 1
took_bucket{instance="",le="+Inf"} 2
took_sum{instance=""} 3
took_count{instance=""} 2
`;

/** As clients tell it that do not speak OpenMetrics: the times of the beginnings are gauges, here all at the end, as Java's has it. */
const BEGINNINGS = `# HELP calls_total Calls so far.
# TYPE calls_total counter
calls_total{to="a"} 7
calls_total{to="b"} 8
# HELP wait_seconds How long they waited.
# TYPE wait_seconds histogram
wait_seconds_bucket{to="a",le="1"} 1
wait_seconds_bucket{to="a",le="+Inf"} 2
wait_seconds_sum{to="a"} 3
wait_seconds_count{to="a"} 2
# HELP answer_bytes How long the answers were.
# TYPE answer_bytes summary
answer_bytes{quantile="0.5"} 100
answer_bytes_sum 300
answer_bytes_count 2
# HELP calls_created Calls so far.
# TYPE calls_created gauge
calls_created{to="a"} 1.7e+09
calls_created{to="b"} 1.7000000015e+09
# HELP wait_seconds_created How long they waited.
# TYPE wait_seconds_created gauge
wait_seconds_created{to="a"} 1.7e+09
# HELP answer_bytes_created How long the answers were.
# TYPE answer_bytes_created gauge
answer_bytes_created 1.7e+09
`;

test('what is stored of forwarded exporters is what is stored of a direct scrape', {
  skip: without(
    'PROMETHEUS_3',
    'NODE_EXPORTER',
    'PUSHGATEWAY',
    'VICTORIA_METRICS',
    'PYTHON_PROMETHEUS_CLIENT',
  ),
}, async (t) => {
  await using gateway = await Gateway.start(t);
  await using node = await startExporter(t, 'NODE_EXPORTER', QUIET);
  await using pushgateway = await startExporter(t, 'PUSHGATEWAY');
  await using victoria = await VictoriaMetrics.start(t, []);
  await using python = await startPythonClient(t);
  await push(pushgateway, 'job/batch/instance/i-1', PUSHED);
  await push(pushgateway, 'job/nightly', 'nightly_last 1\n');
  const startedAt = Date.now();
  const others = await expose(t, {
    '/open': { contentType: `${OPENMETRICS}; charset=utf-8`, text: () => OPEN },
    '/honored': { contentType: TEXT, text: () => HONORED },
    '/beginnings': { contentType: TEXT, text: () => BEGINNINGS },
    // Each value has its own second, told some seconds late.
    '/timed': { contentType: TEXT, text: () => timed(startedAt) },
  });
  const jobs: readonly ForwardedJob[] = [
    { job: 'node-exporter', address: node.address, interval: PROGRAM_INTERVAL },
    { job: 'pushgateway', address: pushgateway.address, honorLabels: true, interval: PROGRAM_INTERVAL },
    { job: 'victoria-metrics', address: new URL(victoria.url).host, interval: PROGRAM_INTERVAL },
    { job: 'open', address: others.address, path: '/open' },
    { job: 'honored', address: others.address, path: '/honored', honorLabels: true },
    { job: 'python', address: python.address, interval: PROGRAM_INTERVAL },
    { job: 'beginnings', address: others.address, path: '/beginnings' },
    { job: 'timed', address: others.address, path: '/timed', honorLabels: true },
  ];
  const configFile = join(await tempDir(t), 'reporter.json');
  await writeFile(configFile, JSON.stringify({ targets: jobs.map(forwarded) }));
  await using reporter = await Reporter.start(t, {
    gatewayUrl: gateway.streamUrl,
    host: HOST,
    args: ['--config.file', configFile],
  });
  await using direct = await Prometheus.start(t, { version: 'PROMETHEUS_3', jobs: jobs.map(scraped) });
  await using through = await Prometheus.start(t, {
    version: 'PROMETHEUS_3',
    jobs: [{ job: 'tributary', targets: [gateway.address], honorLabels: true, params: { scraper: ['t'] } }],
  });
  await eventually('both have scraped all for a while', async () => {
    const ups = [await direct.stored('up', '5m'), await through.stored(`up{${FORWARDED}}`, '5m')];
    return ups.every((all) => all.length === jobs.length && all.every(isWatched));
  });
  const compared = await eventually('both have the same series', async () => {
    const expected = withoutHost(await direct.stored('{job!=""}', '5m'));
    const found = withoutHost(await through.stored(`{${FORWARDED}}`, '5m'));
    const differing = [...missing(expected, found), ...missing(found, expected).map((key) => `not ${key}`)];
    if (differing.length > 0) throw new Error(`${differing.length}: ${differing.slice(0, 20).join(', ')}`);
    return { expected, found };
  });
  assert.ok(compared.expected.size > 500, `${compared.expected.size} series`);
  sameTypes(await direct.metadata(), await through.metadata());
  const verdict = await strictParse((await gateway.metrics(OPENMETRICS)).body);
  assert.ok(verdict.ok, JSON.stringify(verdict));
  t.diagnostic(JSON.stringify(sameValues(compared.expected, compared.found)));
  samePoints(compared.expected, compared.found);
  const lost = ['tributary_host_dropped_samples_total', 'tributary_reporter_target_left_out_samples_total'];
  for (const name of lost) assert.equal(await through.number(`sum(${name})`), 0, name);
  assert.deepEqual(through.warnings(), []);
  assert.equal(reporter.exit, null);
});

interface ForwardedJob {
  readonly job: string;
  readonly address: string;
  readonly path?: string;
  readonly honorLabels?: boolean;
  readonly interval?: string;
}

/** As the reporter's file has it. */
function forwarded({ job, address, path = '/metrics', honorLabels = false, interval }: ForwardedJob): object {
  return {
    job,
    urls: [`http://${address}${path}`],
    honor_labels: honorLabels,
    ...(interval && { interval }),
  };
}

function scraped({ job, address, path, honorLabels = false, interval }: ForwardedJob): ScrapeJob {
  return { job, targets: [address], honorLabels, ...(path && { path }), ...(interval && { interval }) };
}

/** Two series that are of another job and instance, and of the last whole seconds. */
function timed(startedAt: number): string {
  const second = Math.floor(Date.now() / 1000) - 3;
  const value = second - Math.floor(startedAt / 1000);
  return ['a', 'b']
    .map((instance, i) => `far{job="site",instance="${instance}"} ${value} ${(second - i) * 1000 + 125}\n`)
    .join('');
}

function isWatched({ points }: Series): boolean {
  return points.length >= SCRAPES;
}

type Stored = ReadonlyMap<string, readonly Point[]>;

/** By series, without what only Tributary adds. */
function withoutHost(series: readonly Series[]): Stored {
  return new Map(
    series.map(({ labels: { host: _, ...labels }, points }) => [readableKey(seriesKey(labels)), points]),
  );
}

function missing(all: Stored, from: Stored): string[] {
  return [...all.keys()].filter((key) => !from.has(key));
}

type About = ReadonlyMap<string, Metadata>;

function sameTypes(expected: About, found: About): void {
  const compared = new Map<string, number>();
  const differing = [...expected].flatMap(([name, { type, help }]) => {
    const other = aboutOf(name, found);
    if (Object.hasOwn(RETYPED, name)) return other?.type === 'unknown' ? [] : [`${name}: ${other?.type}`];
    if (other === undefined && isBeginning(name, found)) return [];
    compared.set(type, (compared.get(type) ?? 0) + 1);
    return other?.type === type && other.help === help
      ? []
      : [`${name}: ${type} ${help}; ${other?.type} ${other?.help}`];
  });
  assert.deepEqual(differing, []);
  for (const type of ['counter', 'gauge', 'histogram', 'summary', 'info', 'stateset'])
    assert.ok(compared.has(type), type);
}

/** OpenMetrics names a counter's family without the suffix. */
function aboutOf(name: string, all: About): Metadata | undefined {
  return all.get(name) ?? all.get(name.replace(/_total$/, ''));
}

function isBeginning(name: string, all: About): boolean {
  return name.endsWith('_created') && BEGUN.has(all.get(name.slice(0, -'_created'.length))?.type);
}

interface Compared {
  still: number;
  rising: number;
}

function sameValues(expected: Stored, found: Stored): Compared {
  const compared = { still: 0, rising: 0 };
  for (const [key, points] of found) {
    const direct = expected.get(key) ?? [];
    const isOurs = /job="(batch|nightly|open|honored|far|python|beginnings)"/.test(key) && !VARYING.test(key);
    if (isOurs || STILL.test(key)) {
      compared.still++;
      const values = new Set(points.map(({ value }) => value));
      assert.deepEqual(values, new Set([direct[0]?.value]), key);
    } else if (/^\w+_(total|count|sum|bucket)\{/.test(key)) {
      compared.rising++;
      const slack = TAKEN_BACK.test(key) ? 1 : 0;
      for (const point of points) assertBetween(key, point, direct, slack);
    }
  }
  assert.ok(compared.still > 40 && compared.rising > 200, JSON.stringify(compared));
  return compared;
}

function assertBetween(key: string, { at, value }: Point, direct: readonly Point[], slack: number): void {
  const low = direct.findLast((point) => point.at <= at - AROUND_MS)?.value ?? -Infinity;
  const high = direct.find((point) => point.at >= at + AROUND_MS)?.value ?? Infinity;
  assert.ok(low - slack <= value && value <= high + slack, `${key}: ${value} is not in ${low}–${high}`);
}

/** Samples that came with timestamps are the very same points, where both had scraped for long enough. */
function samePoints(expected: Stored, found: Stored): void {
  for (const instance of ['a', 'b']) {
    const key = readableKey(seriesKey({ __name__: 'far', job: 'site', instance }));
    const [all, told] = [expected, found].map((stored) => stored.get(key) ?? []);
    assert.ok(all !== undefined && told !== undefined && told.length >= SCRAPES / 2, key);
    const from = Math.max(all[0]?.at ?? 0, told[0]?.at ?? 0);
    const to = Math.min(all.at(-1)?.at ?? 0, told.at(-1)?.at ?? 0);
    const within = (points: readonly Point[]) => points.filter(({ at }) => at >= from && at <= to);
    const moments = new Map(within(all).map(({ at, value }) => [at, value]));
    const both = within(told).filter(({ at }) => moments.has(at));
    assert.ok(both.length >= SCRAPES / 2, `${key}: ${both.length} points in common`);
    for (const { at, value } of both) assert.equal(value, moments.get(at), key);
    // A second may be missed by either, since neither scrapes at its very beginning.
    for (const { at } of within(told)) assert.equal(at % 1000, 125, key);
  }
}
